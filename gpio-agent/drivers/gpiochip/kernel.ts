// System calls that the gpiochip driver needs and Node lacks (ioctl, fcntl, epoll, eventfd), through koffi. The rest of the
// driver uses the interface `Kernel`, which a test can replace.
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import type * as Koffi from 'koffi';
import { codeOf, messageOf } from '../../../service/log.ts';
import { HardwareError } from '../driver.ts';

/** The name of the error of a system call in errno.h (`EBUSY`). */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  constructor(options: { readonly call: string; readonly code: string }) {
    super(`${options.call}: ${options.code}`);
    this.code = options.code;
  }
}

export interface Kernel {
  /** @throws an error with a `code` */
  open(path: string): number;
  close(fd: number): void;
  /** @throws SystemError */
  ioctl(fd: number, request: number, argument: Buffer): void;
  /** Makes `read` return at once. */
  setNonBlocking(fd: number): void;
  /** @returns the number of bytes; 0 if there is nothing to read now. @throws an error with a `code` */
  read(fd: number, buffer: Buffer): number;
  /**
   * Calls back on the JS thread when a descriptor is readable or its device is lost, without a timer and without blocking.
   * It calls back again and again while that lasts, so read or unwatch.
   */
  watch(fd: number, onReady: (gone: boolean) => void): void;
  unwatch(fd: number): void;
  /** Stops all watches. The waiting thread ends. */
  stop(): void;
}

// Numbers of the generic Linux ABI (x86, arm, arm64, riscv): fcntl.h, sys/epoll.h, sys/eventfd.h.
const closeOnExec = 0o2_000_000;
const nonBlocking = 0o4000;
const setStatusFlags = 4;
const epollAdd = 1;
const epollDelete = 2;
const epollIn = 0x1;
const epollGone = 0x8 | 0x10;

/** struct epoll_event is packed only on x86-64 (EPOLL_PACKED in linux/eventpoll.h). */
const eventBytes = process.arch === 'x64' ? 12 : 16;
const eventDataAt = process.arch === 'x64' ? 4 : 8;
const eventsAtOnce = 16;

/** Stack sizes that koffi allocates for its calls. Ours need a few bytes; the defaults would cost about 3 MB. */
const koffiSizes = {
  sync_stack_size: 65_536,
  sync_heap_size: 65_536,
  async_stack_size: 65_536,
  async_heap_size: 65_536,
  resident_async_pools: 1,
};

/**
 * True if koffi's prebuilt binary can run here. It needs ARMv7. On ARMv6 (Pi 1, Zero, Zero W) it would end the process with
 * an illegal instruction, which nothing can catch. Node knows the architecture that it was compiled for.
 */
export function koffiCanRun(arch: string, armVersion: unknown): boolean {
  return arch !== 'arm' || String(armVersion) !== '6';
}

/** Loads koffi. @throws HardwareError when that fails */
export async function loadKernel(): Promise<Kernel> {
  const variables: Readonly<Record<string, unknown>> = { ...process.config.variables };
  if (!koffiCanRun(process.arch, variables['arm_version']))
    throw new HardwareError(
      'this Node.js is compiled for ARMv6, and koffi, which the gpiochip driver needs, for ARMv7. On a Raspberry Pi 1, Zero or Zero W use agent.driver: rpio; on a newer board install a Node.js for ARMv7 or arm64',
    );
  if (process.platform !== 'linux')
    throw new HardwareError(`the gpiochip driver needs Linux; this is ${process.platform}`);
  let koffi: typeof Koffi;
  try {
    koffi = await import('koffi');
    // Once for each process: koffi refuses it after the first load.
    const config = koffi.config();
    if (config.async_stack_size !== koffiSizes.async_stack_size) koffi.config({ ...config, ...koffiSizes });
  } catch (error) {
    throw new HardwareError(
      `the gpiochip driver needs the package koffi, which cannot be loaded (${firstLine(error)}). Install without --omit=optional; its prebuilt binaries are for Linux on x64, arm64, ARMv7 and riscv64`,
      { cause: error },
    );
  }
  return linuxKernel(koffi);
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0] ?? '';
}

function linuxKernel(koffi: typeof Koffi): Kernel {
  // glibc and musl both have it. With null, koffi finds the functions of the process itself, whichever library it uses.
  const libc = koffi.load(null);
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)');
  const fcntl = libc.func('int fcntl(int fd, int command, long argument)');
  const epollCreate = libc.func('int epoll_create1(int flags)');
  const epollControl = libc.func('int epoll_ctl(int epfd, int operation, int fd, void *event)');
  const epollWait = libc.func('int epoll_wait(int epfd, void *events, int count, int timeoutMs)');
  const eventfd = libc.func('int eventfd(unsigned int value, int flags)');

  const failed = (call: string) => new SystemError({ call, code: getSystemErrorName(-koffi.errno()) });
  const check = (call: string, result: unknown): number => {
    if (typeof result !== 'number' || result < 0) throw failed(call);
    return result;
  };

  /** Keyed by a number that is never used again, because the kernel may give the descriptor to another line at once. */
  const watched = new Map<number, { readonly fd: number; readonly onReady: (gone: boolean) => void }>();
  let lastNumber = 0;
  /** Set while a thread of koffi's pool waits in epoll_wait. */
  let waiting: { readonly epoll: number; readonly wake: number; stopped: boolean } | undefined;

  const event = (number: number): Buffer => {
    const buffer = Buffer.alloc(eventBytes);
    buffer.writeUInt32LE(epollIn, 0);
    buffer.writeUInt32LE(number, eventDataAt);
    return buffer;
  };

  const wake = () => {
    if (waiting === undefined) return;
    waiting.stopped = true;
    writeSync(waiting.wake, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]));
  };

  const start = () => {
    const epoll = check('epoll_create1', epollCreate(closeOnExec));
    const wakeFd = check('eventfd', eventfd(0, closeOnExec | nonBlocking));
    check('epoll_ctl', epollControl(epoll, epollAdd, wakeFd, event(0)));
    const own = { epoll, wake: wakeFd, stopped: false };
    waiting = own;
    // A thread that waits forever would keep process.exit from ending the process.
    process.once('exit', wake);
    const events = Buffer.alloc(eventBytes * eventsAtOnce);
    const end = () => {
      closeSync(epoll);
      closeSync(wakeFd);
    };
    const wait = () => {
      epollWait.async(epoll, events, eventsAtOnce, -1, (error: unknown, count: unknown) => {
        if (own.stopped) return end();
        if (error === null && typeof count === 'number')
          for (let index = 0; index < count; index += 1) {
            const at = index * eventBytes;
            const gone = (events.readUInt32LE(at) & epollGone) !== 0;
            // Looked up at the last moment, because an earlier callback of this round may have closed it.
            watched.get(events.readUInt32LE(at + eventDataAt))?.onReady(gone);
          }
        if (own.stopped) return end();
        return wait();
      });
    };
    wait();
    return own;
  };

  return {
    open: (path) => openSync(path, 'r+'),
    close: (fd) => closeSync(fd),
    ioctl: (fd, request, argument) => void check('ioctl', ioctl(fd, request, argument)),
    setNonBlocking: (fd) => void check('fcntl', fcntl(fd, setStatusFlags, nonBlocking)),
    read: (fd, buffer) => {
      try {
        return readSync(fd, buffer);
      } catch (error) {
        if (codeOf(error) === 'EAGAIN') return 0;
        throw error;
      }
    },
    watch: (fd, onReady) => {
      const { epoll } = waiting ?? start();
      lastNumber += 1;
      check('epoll_ctl', epollControl(epoll, epollAdd, fd, event(lastNumber)));
      watched.set(lastNumber, { fd, onReady });
    },
    unwatch: (fd) => {
      for (const [number, entry] of watched) {
        if (entry.fd !== fd) continue;
        watched.delete(number);
        if (waiting !== undefined) epollControl(waiting.epoll, epollDelete, fd, event(number));
      }
    },
    stop: () => {
      if (waiting === undefined) return;
      watched.clear();
      process.off('exit', wake);
      wake();
      waiting = undefined;
    },
  };
}
