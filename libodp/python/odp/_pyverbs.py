# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""The C objects under those of pyverbs.

pyverbs tells of no pointer that could be used: PD.pd and Context.context take the C object for a Python one, up to rdma-core
58. They are read from the Python object itself: what a Cython class adds lies behind what its base has, in the order in which
it is declared, which is the same from rdma-core 39 on. A pointer is believed when what it points to has the number that
pyverbs tells of the object."""
import sys

from ._raw import ffi

_POINTER = ffi.sizeof("void *")


class _Kind:
    """A class of pyverbs: where it is, the place of the pointer among its own fields, and what is compared."""

    def __init__(self, module, name, place, type_name, is_it):
        self.module, self.name, self.place, self.type_name, self.is_it = module, name, place, type_name, is_it
        self.believed = False

    def has(self, thing):
        module = sys.modules.get(self.module)
        return module is not None and isinstance(thing, getattr(module, self.name))

    def pointer(self, thing):
        """As it is now; NULL: the object was closed."""
        base = sys.modules["pyverbs.base"].PyverbsCM
        at = id(thing) + base.__basicsize__ + self.place * _POINTER
        found = ffi.cast(self.type_name, ffi.cast("void **", at)[0])
        if found and not self.believed:
            if not self.is_it(found, thing):
                raise TypeError(f"libodp does not know this version of pyverbs: where {self.module}.{self.name} has its pointer is something else")
            self.believed = True
        return found


def _is_context(found, thing):
    # The first field of a context is its device.
    device = ffi.cast("struct ibv_device **", found)[0]
    return not thing.name or ffi.string(verbs().ibv_get_device_name(device)).decode() == _text(thing.name)


def _text(name):
    return name.decode() if isinstance(name, bytes) else name


_verbs = None


def verbs():
    global _verbs
    if _verbs is None:
        _verbs = ffi.dlopen("libibverbs.so.1")
    return _verbs


CONTEXT = _Kind("pyverbs.device", "Context", 0, "struct ibv_context *", _is_context)
PD = _Kind("pyverbs.pd", "PD", 0, "struct ibv_pd *", lambda found, thing: found.handle == thing.handle)
MR = _Kind("pyverbs.mr", "MR", 2, "struct ibv_mr *", lambda found, thing: found.lkey == thing.lkey and found.rkey == thing.rkey)


class Borrowed:
    """A C object that somebody else owns: an object of pyverbs, which is kept alive, or a number, its address."""

    def __init__(self, thing, kind):
        self.thing, self.kind = thing, kind
        self.first = self._look()
        if not self.first:
            raise ValueError(f"the {kind.name} is closed")

    def _look(self):
        if self.kind.has(self.thing):
            return self.kind.pointer(self.thing)
        if isinstance(self.thing, int) and not isinstance(self.thing, bool):
            return ffi.cast(self.kind.type_name, self.thing)
        raise TypeError(f"a {self.kind.module}.{self.kind.name} or the address of one, not {type(self.thing).__name__}")

    def get(self):
        """The pointer, if it is still what it was."""
        if self._look() != self.first:
            raise ValueError(f"the {self.kind.name} was closed")
        return self.first
