# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""libodp: RDMA on memory that nobody pinned, on any provider of libibverbs.

    with odp.Domain(pd) as domain, domain.get(buffer, odp.Access.LOCAL_WRITE) as key:
        ... post with key.lkey, or key.sge(); wait for the completion ...

pd is a PD of pyverbs, as contexts and regions that calls take are pyverbs' (or the addresses of the C objects, which the
caller then keeps alive). Names, structures and values are those of odp.h, without their prefix; libodp(3) says what they mean.
Errors are OSError. All may be used by threads at the same time.

What is used is kept: a domain keeps its PD, a key its domain and its buffer, which cannot be resized meanwhile. What was
posted with a key must be complete before the key goes; Python cannot know. A context or PD that is closed by hand
while a watch is open is the caller's mistake."""
import collections
import enum
import errno
import os
import threading

from . import _pyverbs
from ._raw import ffi

_lib = ffi.dlopen(f"libodp.so.{ffi.integer_const('ODP_VERSION_MAJOR')}")


def _enum(kind, name, c_name, prefix="ODP_"):
    """An enumeration of the header."""
    of = ffi.typeof("enum " + c_name).relements
    return kind(name, {key[len(prefix):]: value for key, value in of.items()}, module=__name__)


Access = _enum(enum.IntFlag, "Access", "ibv_access_flags", "IBV_ACCESS_")
Level = _enum(enum.IntFlag, "Level", "odp_level")
Op = _enum(enum.IntFlag, "Op", "odp_op")
Transport = _enum(enum.IntEnum, "Transport", "odp_transport")
DomainFlags = _enum(enum.IntFlag, "DomainFlags", "odp_domain_flags")
Proof = _enum(enum.IntEnum, "Proof", "odp_proof", "ODP_PROOF_")
Prefetch = _enum(enum.IntEnum, "Prefetch", "odp_prefetch_how", "ODP_PREFETCH_")
LatencyScope = _enum(enum.IntEnum, "LatencyScope", "odp_latency_scope", "ODP_LATENCY_")
Page = _enum(enum.IntFlag, "Page", "odp_page", "ODP_PAGE_")
ANY_LEVEL = Level(ffi.integer_const("ODP_ANY_LEVEL"))
VERSION = ffi.integer_const("ODP_VERSION")

_WRITES = Access.LOCAL_WRITE | Access.REMOTE_WRITE | Access.REMOTE_ATOMIC


def version():
    """The version of the library, as a number like VERSION, that of the header."""
    return _lib.odp_version()


def _check(result, call):
    if result < 0:
        raise OSError(-result, f"{call}(): {os.strerror(-result)}")
    return result


# Structures of the library as named tuples of the same fields, without the reserved ones.
_tuples = {}


def _fields(c_type):
    return [(name, field.type) for name, field in c_type.fields if not name.startswith("reserved")]


def _tuple_of(c_type):
    if c_type not in _tuples:
        name = "".join(part.capitalize() for part in c_type.cname.split("_")[1:])
        _tuples[c_type] = collections.namedtuple(name, [field for field, _ in _fields(c_type)], module=__name__)
    return _tuples[c_type]


def _value(value, c_type):
    if c_type.kind == "struct":
        return _tuple_of(c_type)(*(_value(getattr(value, name), of) for name, of in _fields(c_type)))
    if c_type.kind == "array":
        return ffi.string(value).decode() if c_type.item.cname == "char" else tuple(value)
    return value


def _python(struct):
    """*struct."""
    return _value(struct[0], ffi.typeof(struct).item)


class _Handle:
    """A C object, and who is using it: it is not ended under anybody, nor used once it was ended."""

    def __init__(self, what, object_, end, check=None):
        self._what, self._object, self._end, self._check = what, object_, end, check
        self._lock = threading.RLock()  # a key that is garbage may be put at any time, also under it
        self._users = 0
        self._abandoned = False  # to be ended as soon as that is possible

    def __enter__(self):
        with self._lock:
            if self._object is None:
                raise ValueError(f"the {self._what} is closed")
            if self._check:
                self._check()
            self._users += 1
            return self._object

    def __exit__(self, *_):
        with self._lock:
            self._users -= 1
        if self._abandoned:
            self.abandon()

    def put(self, key):
        """odp_put(), also when the PD is no more, of which it needs nothing."""
        with self._lock:
            if self._object is None:
                return 0  # ended, in a child of fork()
            self._users += 1
            domain = self._object
        try:
            return _lib.odp_put(domain, key)
        finally:
            self.__exit__()

    def close(self):
        # Under the lock all the while: a key that is put meanwhile waits until it is known whether there is still a domain.
        with self._lock:
            if self._object is None:
                return
            if self._users:
                raise OSError(errno.EBUSY, f"the {self._what} is in use")
            result = self._end(self._object)
            if result is not None and result < 0:
                raise OSError(-result, f"closing the {self._what}: {os.strerror(-result)}")
            self._object = None

    def abandon(self):
        """Nobody has it any more, but keys that are part of the same garbage may still be held."""
        self._abandoned = True
        try:
            self.close()
        except OSError:
            pass

    def __del__(self):
        self.abandon()


def _region(memory, writes):
    """(address, length, what to keep) of a buffer or of (address, length)."""
    if isinstance(memory, tuple):
        address, length = memory
        return address, length, None
    held = ffi.from_buffer("char[]", memory, require_writable=writes)
    return int(ffi.cast("uintptr_t", held)), len(held), held


def _iovecs(memories, writes):
    regions = [_region(memory, writes) for memory in memories]
    vector = ffi.new("struct iovec[]", len(regions))
    for entry, (address, length, _) in zip(vector, regions):
        entry.iov_base, entry.iov_len = ffi.cast("void *", address), length
    return vector, regions


class Key:
    """A right to memory, from Domain.get() to put(); leaving a `with` block puts it, and so does its end."""

    def __init__(self, handle, key, address, length, keep):
        self._handle, self._key, self._keep = handle, key, keep
        self._users = 0  # calls and streams that it must not be put under
        self.address, self.length = address, length

    @property
    def _held(self):
        key = self._key
        if key is None:
            raise ValueError("the key was put")
        return key

    def _begin(self):
        with self._handle._lock:
            held = self._held
            self._users += 1
            return held

    def _end(self):
        with self._handle._lock:
            self._users -= 1

    @property
    def lkey(self):
        return self._held.lkey

    @property
    def rkey(self):
        return self._held.rkey

    @property
    def level(self):
        return Level(self._held.level)

    @property
    def mr(self):
        """The address of the region (struct ibv_mr), which is the domain's."""
        return int(ffi.cast("uintptr_t", self._held.mr))

    def sge(self, offset=0, length=None):
        """A pyverbs.wr.SGE for a part of the memory, by its local key."""
        from pyverbs.wr import SGE

        length = self.length - offset if length is None else length
        if offset < 0 or length < 0 or offset + length > self.length:
            raise ValueError(f"{length} bytes at {offset} are not within {self.length}")
        return SGE(self.address + offset, length, self.lkey)

    def stats(self):
        return mr_stats(self)

    def put(self):
        """Gives it back, once. What was posted with it must be complete. OSError(EBUSY): a stream is open on it, or another
        thread uses it right now."""
        with self._handle._lock:
            if self._key is not None and self._users:
                raise OSError(errno.EBUSY, "the key is in use")
        self._put()

    def _put(self):
        with self._handle._lock:
            key, self._key = self._key, None
        if key is None:
            return
        result = self._handle.put(key)
        self._keep = None
        _check(result, "odp_put")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.put()

    def __del__(self):
        try:
            self._put()
        except Exception:  # pylint: disable=broad-except
            pass  # a child of fork(), whose keys are the parent's; the end of the interpreter


class Stream:
    """Keeps memory prefetched ahead of someone who goes through it; of Domain.stream()."""

    def __init__(self, domain, stream, key, keep):
        def end(stream):
            _lib.odp_stream_close(stream)
            domain.__exit__()
            if key is not None:
                key._end()

        self._keep = keep
        self._handle = _Handle("stream", stream, end)
        self._turn = threading.Lock()  # calls on one stream do not run at the same time

    def at(self, offset):
        """The work has come to this offset: up to where is prefetched."""
        with self._turn, self._handle as stream:
            return _check(_lib.odp_stream_at(stream, offset), "odp_stream_at")

    def close(self):
        self._handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Domain:
    """Hands out keys in a PD. Arguments are the fields of struct odp_domain_attr; needs: a mapping of Transport to Op."""

    def __init__(self, pd, needs=None, **fields):
        attr = ffi.new("struct odp_domain_attr *")
        known = {name for name, of in _fields(ffi.typeof("struct odp_domain_attr")) if of.kind == "primitive"}
        for name, value in fields.items():
            if name not in known:
                raise TypeError(f"a domain has no attribute {name}; it has: {', '.join(sorted(known))}, needs")
            setattr(attr, name, value)
        for transport, ops in (needs or {}).items():
            attr.needs[Transport(transport)] = ops
        self._pd = _pyverbs.Borrowed(pd, _pyverbs.PD)
        domain = ffi.new("struct odp_domain **")
        _check(_lib.odp_domain_open(self._pd.get(), attr, domain), "odp_domain_open")
        self._handle = _Handle("domain", domain[0], _lib.odp_domain_close, self._pd.get)

    def get(self, memory, access=0):
        """A key for a buffer (bytes, bytearray, memoryview, mmap, NumPy's arrays, ...), or for (address, length), which the
        caller answers for."""
        address, length, keep = _region(memory, bool(access & _WRITES))
        key = ffi.new("struct odp_key *")
        with self._handle as domain:
            _check(_lib.odp_get(domain, ffi.cast("void *", address), length, access, key), "odp_get")
        return Key(self._handle, key, address, length, keep)

    def get_many(self, memories, access=0):
        """A list of keys, or none and an exception."""
        vector, regions = _iovecs(memories, bool(access & _WRITES))
        keys = ffi.new("struct odp_key[]", len(regions))
        with self._handle as domain:
            _check(_lib.odp_get_many(domain, vector, len(regions), access, keys), "odp_get_many")
        return [Key(self._handle, _own(key), *region) for key, region in zip(keys, regions)]

    def get_dmabuf(self, fd, length, offset=0, iova=None, access=0):
        """A key for a part of a dma-buf, a descriptor or what has fileno(). iova: None is the offset."""
        memory = ffi.new("struct odp_dmabuf *")
        memory.fd = fd if isinstance(fd, int) else fd.fileno()
        memory.offset, memory.len, memory.iova = offset, length, offset if iova is None else iova
        key = ffi.new("struct odp_key *")
        with self._handle as domain:
            _check(_lib.odp_get_dmabuf(domain, memory, access, key), "odp_get_dmabuf")
        return Key(self._handle, key, memory.iova, length, None)

    def forget(self, memory):
        """Before memory goes, or just after. OSError(EBUSY): done, but a pinned key is held."""
        address, length, _ = _region(memory, False)
        with self._handle as domain:
            _check(_lib.odp_forget(domain, ffi.cast("void *", address), length), "odp_forget")

    def prefetch(self, memories, how=Prefetch.READ, wait=False, key=None):
        vector, regions = _iovecs(memories, how == Prefetch.WRITE)
        flags = ffi.integer_const("ODP_PREFETCH_WAIT") if wait else 0
        with self._handle as domain, _Using(key) as held:
            _check(_lib.odp_prefetch(domain, held, vector, len(regions), how, flags), "odp_prefetch")

    def stream(self, memory, how=Prefetch.READ, window=0, key=None):
        """A Stream; the domain cannot be closed before it."""
        address, length, keep = _region(memory, how == Prefetch.WRITE)
        stream = ffi.new("struct odp_stream **")
        # What is entered here for the call, and once more for the stream, which ends that.
        with self._handle as domain, _Using(key) as held:
            _check(_lib.odp_stream_open(domain, held, ffi.cast("void *", address), length, how, window, stream), "odp_stream_open")
            self._handle.__enter__()
            if key is not None:
                key._begin()
            return Stream(self._handle, stream[0], key, (keep, held))

    def query(self):
        """DomainInfo: what it uses, holds and counted."""
        info = ffi.new("struct odp_domain_info *")
        with self._handle as domain:
            _check(_lib.odp_domain_query(domain, info), "odp_domain_query")
        return _python(info)

    def close(self):
        """OSError(EBUSY): a key is held, or a memory window is bound; it is open as before."""
        self._handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _own(key):
    """A copy of a key of an array, which is nobody's then."""
    mine = ffi.new("struct odp_key *", key)
    ffi.memmove(ffi.addressof(key), ffi.new("struct odp_key *"), ffi.sizeof("struct odp_key"))
    return mine


class _Using:
    """A key, or NULL for none, that nobody puts meanwhile."""

    def __init__(self, key):
        self._key = key

    def __enter__(self):
        return ffi.NULL if self._key is None else self._key._begin()

    def __exit__(self, *_):
        if self._key is not None:
            self._key._end()


class _Region:
    """A struct ibv_mr, or NULL for none: of a key, that nobody puts meanwhile, or of pyverbs."""

    def __init__(self, mr):
        self._key, self._mr = (mr, None) if isinstance(mr, Key) else (None, mr)

    def __enter__(self):
        if self._key is not None:
            return self._key._begin().mr
        return ffi.NULL if self._mr is None else _pyverbs.Borrowed(self._mr, _pyverbs.MR).get()

    def __exit__(self, *_):
        if self._key is not None:
            self._key._end()


def _context(ctx):
    return _pyverbs.Borrowed(ctx, _pyverbs.CONTEXT).get()


def query_caps(ctx):
    """Caps: everything that a device says of on-demand paging."""
    caps = ffi.new("struct odp_caps *")
    _check(_lib.odp_query_caps(_context(ctx), caps), "odp_query_caps")
    return _python(caps)


def can(ctx, transport, ops):
    return _lib.odp_can(_context(ctx), transport, ops)


def can_implicit(ctx):
    return _lib.odp_can_implicit(_context(ctx))


def can_prefetch(ctx):
    return _lib.odp_can_prefetch(_context(ctx))


def can_dmabuf(ctx):
    return _lib.odp_can_dmabuf(_context(ctx))


def mr_stats(mr):
    """MrStats of a Key, or of an MR of pyverbs."""
    stats = ffi.new("struct odp_mr_stats *")
    if mr is None:
        raise TypeError("a region, not None")
    with _Region(mr) as region:
        _check(_lib.odp_mr_stats(region, stats), "odp_mr_stats")
    return _python(stats)


def _all(c_call, c_name, *args):
    """What a call has that fills in as much as there is room for, and returns how many there are."""
    call, room = getattr(_lib, c_call), 0
    while True:
        found = ffi.new(f"struct {c_name}[]", room)
        have = _check(call(*args, found, room), c_call)
        if have <= room:
            return [_value(found[i], ffi.typeof(f"struct {c_name}")) for i in range(have)]
        room = have + 16


def device_counters(ctx, port=1):
    """A dictionary of the counters of a port."""
    return {one.name: one.value for one in _all("odp_device_counters", "odp_counter", _context(ctx), port)}


def list_mrs(device=None):
    """A list of MrInfo: the regions of a device, by name, or of all."""
    return _all("odp_list_mrs", "odp_mr_info", ffi.NULL if device is None else ffi.new("char[]", device.encode()))


def latency(ctx, scope=LatencyScope.DEVICE):
    """Latency: waits for faults."""
    found = ffi.new("struct odp_latency *")
    _check(_lib.odp_latency(_context(ctx), scope, found), "odp_latency")
    return _python(found)


def residency(ctx, memory):
    """A byte (Page) for each page that the memory touches."""
    address, length, _ = _region(memory, False)
    size = os.sysconf("SC_PAGESIZE")
    pages = ffi.new("uint8_t[]", (address + max(length, 1) - 1) // size - address // size + 1)
    _check(_lib.odp_residency(_context(ctx), ffi.cast("void *", address), length, pages), "odp_residency")
    return bytes(pages)


class Watch:
    """Paging of a region (an MR or a Key), or of the device, as events; fileno() is for poll()."""

    def __init__(self, ctx, mr=None, interval_ms=0):
        self._keep = ctx, mr
        watch = ffi.new("struct odp_watch **")
        with _Region(mr) as region:
            _check(_lib.odp_watch_open(_context(ctx), region, interval_ms, watch), "odp_watch_open")
        self._handle = _Handle("watch", watch[0], _lib.odp_watch_close)

    def fileno(self):
        with self._handle as watch:
            return _lib.odp_watch_fd(watch)

    def read(self):
        """An Event, or None: nothing happened since the last one."""
        event = ffi.new("struct odp_event *")
        with self._handle as watch:
            return _python(event) if _check(_lib.odp_watch_read(watch, event), "odp_watch_read") else None

    def close(self):
        self._handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
