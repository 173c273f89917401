# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""The Python binding over pyverbs and a device that costs nothing (fake.c): what goes in and comes out, that data is where it
should be, and that nothing is used after its end, in whatever order things end."""
import ctypes
import errno
import gc
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import weakref

import odp
from odp import _pyverbs
from odp._raw import ffi
from pyverbs.device import Context
from pyverbs.enums import IBV_ACCESS_LOCAL_WRITE, IBV_ACCESS_REMOTE_READ
from pyverbs.mr import MR
from pyverbs.pd import PD
from pyverbs.pyverbs_error import PyverbsError

fake = ctypes.CDLL(None)
fake.device_write.argtypes = fake.device_read.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]


def by_device(key, data, offset=0):
    """What a peer writes through the key."""
    fake.device_write(key.mr, key.address + offset, data, len(data))


def from_device(key, length, offset=0):
    data = ctypes.create_string_buffer(length)
    fake.device_read(key.mr, key.address + offset, data, length)
    return data.raw


class Case(unittest.TestCase):
    def setUp(self):
        self.ctx = Context(name="fake0")
        self.pd = PD(self.ctx)

    def tearDown(self):
        gc.collect()
        self.pd.close()  # fails if a region is left
        self.ctx.close()

    def refuses(self, number, call, *args, **named):
        with self.assertRaises(OSError) as caught:
            call(*args, **named)
        self.assertEqual(caught.exception.errno, number, caught.exception)


class Keys(Case):
    def test_data(self):
        for level in [odp.Level.IMPLICIT, odp.Level.EXPLICIT] + ([odp.Level.PINNED] if fake.device_can_pin() else []):
            buffer = bytearray(10000)
            with self.subTest(level), odp.Domain(self.pd, levels=level) as domain:
                with domain.get(buffer, IBV_ACCESS_LOCAL_WRITE) as key:
                    self.assertEqual(key.level, level)
                    by_device(key, b"from afar", 5000)
                    self.assertEqual(buffer[5000:5009], b"from afar")
                    buffer[7000:7004] = b"here"
                    self.assertEqual(from_device(key, 4, 7000), b"here")
                    self.assertEqual(domain.query().held, 1)
                self.assertEqual(domain.query().held, 0)

    def test_buffers(self):
        with odp.Domain(self.pd, levels=odp.Level.EXPLICIT) as domain:
            with mmap.mmap(-1, 8192) as mapped, domain.get(mapped, odp.Access.LOCAL_WRITE) as key:
                by_device(key, b"x")
                self.assertEqual(mapped[0], ord("x"))
            with domain.get(b"may be read") as key:
                self.assertEqual(from_device(key, 11), b"may be read")
            part = memoryview(bytearray(100))[10:20]
            with domain.get(part, odp.Access.LOCAL_WRITE) as key:
                self.assertEqual(key.length, 10)
                by_device(key, b"0123456789")
                self.assertEqual(part.obj[9:21], b"\0" + b"0123456789" + b"\0")
            with domain.get((key.address, 10)) as raw:
                self.assertEqual(from_device(raw, 10), b"0123456789")
            for access in odp.Access.LOCAL_WRITE, odp.Access.REMOTE_ATOMIC | odp.Access.LOCAL_WRITE:
                with self.assertRaises((BufferError, TypeError, ValueError)):
                    domain.get(b"may not be written", access)
            with self.assertRaises((TypeError, ValueError, BufferError)):
                domain.get(memoryview(bytearray(100))[::2])
            self.assertEqual(domain.query().held, 0)

    def test_kept(self):
        """A buffer that has a key neither goes nor moves."""

        class Buffer(bytearray):
            pass

        buffer = Buffer(1000)
        gone = weakref.ref(buffer)
        with odp.Domain(self.pd) as domain:
            key = domain.get(buffer, odp.Access.LOCAL_WRITE)
            with self.assertRaises(BufferError):
                buffer.extend(b"more")
            del buffer
            gc.collect()
            self.assertIsNotNone(gone())
            by_device(key, b"there")
            self.assertEqual(gone()[:5], b"there")
            key.put()
            gc.collect()
            self.assertIsNone(gone())

    def test_sge(self):
        with odp.Domain(self.pd) as domain, domain.get(bytearray(100)) as key:
            sge = key.sge(10, 20)
            self.assertEqual((sge.addr, sge.length, sge.lkey), (key.address + 10, 20, key.lkey))
            self.assertEqual(key.sge(30).length, 70)
            for wrong in (0, 101), (101,), (-1, 5), (50, 51):
                with self.assertRaises(ValueError):
                    key.sge(*wrong)

    def test_many(self):
        buffers = [bytearray(100) for _ in range(200)]
        with odp.Domain(self.pd, levels=odp.Level.EXPLICIT) as domain:
            keys = domain.get_many(buffers, odp.Access.LOCAL_WRITE)
            self.assertEqual(domain.query().held, 200)
            for number, key in enumerate(keys):
                by_device(key, bytes([number]))
            self.assertEqual([buffer[0] for buffer in buffers], list(range(200)))
            keys[7].put()
            self.assertEqual(domain.query().held, 199)
            del keys[10:], key
            self.assertEqual(domain.query().held, 9)
            self.refuses(errno.EINVAL, domain.get_many, [bytearray(1), (4096, 0)])
            self.assertEqual(domain.query().held, 9)
            keys.clear()
            self.assertEqual(domain.get_many([]), [])

    def test_dmabuf(self):
        self.assertTrue(odp.can_dmabuf(self.ctx))
        with tempfile.TemporaryFile() as plain, odp.Domain(self.pd) as domain:
            fd = os.memfd_create("dmabuf")  # what the fake device takes for one
            os.pwrite(fd, b"in the dma-buf", 4096)
            os.ftruncate(fd, 16384)
            with domain.get_dmabuf(fd, 8192, 4096, iova=1 << 40, access=odp.Access.LOCAL_WRITE) as key:
                self.assertEqual((key.level, key.address), (odp.Level.DMABUF, 1 << 40))
                self.assertEqual(from_device(key, 14), b"in the dma-buf")
                by_device(key, b"IN")
                self.assertEqual(os.pread(fd, 3, 4096), b"IN ")
                self.assertEqual(domain.query().dmabuf_regions, 1)
            self.refuses(errno.EINVAL, domain.get_dmabuf, plain, 100)
            self.refuses(errno.EINVAL, domain.get_dmabuf, fd, 16385)
            os.close(fd)
            self.refuses(errno.EBADF, domain.get_dmabuf, fd, 100)

    def test_refused(self):
        with odp.Domain(self.pd) as domain:
            self.refuses(errno.EINVAL, domain.get, bytearray(0))
            self.refuses(errno.EINVAL, domain.get, bytearray(1), odp.Access.ON_DEMAND)
            self.refuses(errno.EOPNOTSUPP, domain.prefetch, [bytearray(100)], wait=True)
            self.refuses(errno.EOPNOTSUPP, domain.stream, bytearray(100))
            domain.forget(bytearray(100))
        with self.assertRaises(ValueError):
            domain.get(bytearray(1))
        self.refuses(errno.EINVAL, odp.Domain, self.pd, levels=1 << 20)
        self.refuses(errno.EOPNOTSUPP, odp.Domain, self.pd, levels=odp.Level.IMPLICIT, needs={odp.Transport.UC: odp.Op.READ})
        with self.assertRaises(TypeError):
            odp.Domain(self.pd, grains=4096)
        with self.assertRaises(TypeError):
            odp.Domain(self.ctx)


class Ends(Case):
    """Whatever order things end in."""

    def test_put_twice(self):
        with odp.Domain(self.pd) as domain:
            key = domain.get(bytearray(10))
            key.put()
            key.put()
            with self.assertRaises(ValueError):
                print(key.lkey)
            self.assertEqual(domain.query().held, 0)

    def test_domain_first(self):
        domain = odp.Domain(self.pd)
        key = domain.get(bytearray(10))
        self.refuses(errno.EBUSY, domain.close)
        self.assertEqual(domain.query().held, 1)
        gone = weakref.ref(domain)
        del domain
        self.assertIsNone(gone())
        self.assertGreater(key.lkey, 0)
        with self.assertRaises(PyverbsError):
            self.pd.close()
        key.put()
        del key

    def test_cycle(self):
        """All of it garbage at once, with finalizers in any order."""
        for _ in range(50):
            domain = odp.Domain(self.pd)
            key = domain.get(bytearray(10))
            domain.key, key.domain, key.also = key, domain, [key]
            domain.many = domain.get_many([bytearray(10)] * 3)
            del domain, key
        gc.collect()

    def test_pd_first(self):
        domain = odp.Domain(self.pd)
        self.pd.close()
        with self.assertRaises(ValueError):
            domain.get(bytearray(1))
        domain.close()
        with self.assertRaises(ValueError):
            odp.Domain(self.pd)

    def test_pd_kept(self):
        pd = PD(self.ctx)
        gone = weakref.ref(pd)
        domain = odp.Domain(pd)
        del pd
        gc.collect()
        key = domain.get(bytearray(10))
        del domain
        gc.collect()
        self.assertIsNotNone(gone())
        key.put()
        del key
        gc.collect()
        self.assertIsNone(gone())

    def test_fork(self):
        domain = odp.Domain(self.pd)
        key = domain.get(bytearray(10))
        child = os.fork()
        if not child:
            status = 1
            try:
                self.refuses(errno.ECHILD, domain.get, bytearray(1))
                self.refuses(errno.ECHILD, key.put)
                domain.close()
                status = 0
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        key.put()
        domain.close()

    def test_threads(self):
        """Keys got and put while somebody tries to close the domain."""
        domain = odp.Domain(self.pd, levels=odp.Level.EXPLICIT)
        stop = threading.Event()
        counts = [0] * 4

        def use(number):
            buffer = bytearray(64)
            while not stop.is_set():
                try:
                    with domain.get(buffer, odp.Access.LOCAL_WRITE) as key:
                        by_device(key, bytes([number]))
                        assert buffer[0] == number
                        counts[number] += 1
                except ValueError:
                    return

        threads = [threading.Thread(target=use, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        # There is hardly a moment in which nobody holds one.
        for _ in range(300):
            time.sleep(0.001)
            try:
                domain.close()
                break
            except OSError as error:
                self.assertEqual(error.errno, errno.EBUSY)
        while min(counts) <= 50 and any(thread.is_alive() for thread in threads):
            time.sleep(0.001)
        stop.set()
        for thread in threads:
            thread.join()
        domain.close()
        self.assertGreater(sum(counts), 50)

    def test_key_of_two_threads(self):
        for _ in range(200):
            with odp.Domain(self.pd) as domain:
                key = domain.get(bytearray(10))
                threads = [threading.Thread(target=key.put) for _ in range(2)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()


class Answers(Case):
    def test_caps(self):
        caps = odp.query_caps(self.ctx)
        self.assertEqual((caps.explicit_odp, caps.implicit_odp, caps.prefetch, caps.observes, caps.dmabuf), (1, 1, 0, 0, 1))
        self.assertEqual(len(caps.ops), 4)
        self.assertFalse(odp.can(self.ctx, odp.Transport.RC, odp.Op.SEND))
        self.assertTrue(odp.can_implicit(self.ctx))
        self.assertFalse(odp.can_prefetch(self.ctx))

    def test_objects_of_pyverbs(self):
        mr = MR(self.pd, 4096, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | odp.Access.ON_DEMAND)
        pointer = _pyverbs.Borrowed(mr, _pyverbs.MR).get()
        self.assertEqual((pointer.lkey, pointer.rkey), (mr.lkey, mr.rkey))
        self.assertEqual(pointer.pd, _pyverbs.Borrowed(self.pd, _pyverbs.PD).get())
        self.assertEqual(pointer.context, _pyverbs.Borrowed(self.ctx, _pyverbs.CONTEXT).get())
        self.refuses(errno.EOPNOTSUPP, odp.mr_stats, mr)
        mr.close()
        with self.assertRaises(ValueError):
            odp.mr_stats(mr)
        for wrong in None, "mr", self.pd, True, 1.5:
            with self.assertRaises(TypeError):
                odp.mr_stats(wrong)

    def test_addresses(self):
        """Of C objects, for those who have no pyverbs."""
        pd = int(ffi.cast("uintptr_t", _pyverbs.Borrowed(self.pd, _pyverbs.PD).get()))
        with odp.Domain(pd) as domain, domain.get(bytearray(10)) as key:
            self.refuses(errno.EOPNOTSUPP, odp.mr_stats, key)
            self.refuses(errno.EOPNOTSUPP, odp.mr_stats, key.mr)
            self.refuses(errno.EOPNOTSUPP, odp.Watch, self.ctx, key)
            self.refuses(errno.EOPNOTSUPP, odp.latency, self.ctx)
            self.refuses(errno.EOPNOTSUPP, odp.residency, self.ctx, bytearray(10))
        with self.assertRaises(ValueError):
            odp.Domain(0)

    def test_info(self):
        with odp.Domain(self.pd, levels=odp.Level.PINNED, flags=odp.DomainFlags.FORGETS, pinned_max=1 << 20) as domain:
            info = domain.query()
            self.assertEqual((info.levels, info.proof, info.pinned_max), (odp.Level.PINNED, odp.Proof.PROMISE, 1 << 20))
            self.assertNotIn("reserved", "".join(info._fields))

    def test_version(self):
        self.assertGreaterEqual(odp.version(), odp.VERSION)


class Header(unittest.TestCase):
    """The declarations are the compiler's."""

    def test_layout(self):
        names = [name for name in ffi.list_types()[1] if name.startswith(("odp_", "ibv_", "iovec"))]
        names = [name for name in names if ffi.typeof("struct " + name).fields]
        self.assertGreaterEqual(len(names), 13)
        lines, ours = [], []
        for name in names:
            lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
            ours.append(f"{name} {ffi.sizeof('struct ' + name)}")
            for field, _ in ffi.typeof("struct " + name).fields:
                lines.append(f'printf("{name}.{field} %zu\\n", offsetof(struct {name}, {field}));')
                ours.append(f"{name}.{field} {ffi.offsetof('struct ' + name, field)}")
        for name in [name for name in dir(odp._lib) if isinstance(getattr(odp._lib, name), int)]:
            lines.append(f'printf("{name} %lld\\n", (long long){name});')
            ours.append(f"{name} {getattr(odp._lib, name)}")
        self.assertGreater(len(ours), 120)
        with tempfile.TemporaryDirectory() as work:
            program = os.path.join(work, "layout")
            text = '#include <stddef.h>\n#include <stdio.h>\n#include <odp.h>\nint main(void)\n{\n' + "\n".join(lines) + "\nreturn 0;\n}\n"
            subprocess.run(["cc", "-xc", "-", "-o", program] + os.environ["ODP_CFLAGS"].split(), input=text.encode(), check=True)
            theirs = subprocess.run([program], stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
        self.assertEqual([line for line in theirs if line], ours)

    def test_all_calls(self):
        """Each call of the map can be made, and each is made by the module."""
        with open("libodp/libodp.map", encoding="utf-8") as file:
            calls = [line.strip(" \t\n;") for line in file if line.startswith("\t\todp_")]
        self.assertGreaterEqual(len(calls), 25)
        with open(odp.__file__, encoding="utf-8") as file:
            module = file.read()
        for call in calls:
            getattr(odp._lib, call)
            if call not in ("odp_put_many",):  # keys of Python are put one by one
                self.assertIn(call, module)


if __name__ == "__main__":
    print(sys.version)
    unittest.main(verbosity=2)
