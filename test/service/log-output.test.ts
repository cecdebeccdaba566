import { Buffer } from 'node:buffer';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogOutput } from '../../service/log-output.ts';

const failure = (code: string) => Object.assign(new Error(`${code}: no`), { code });

let room: number;
let error: Error;
let written: string;
let troubles: unknown[];
let retries: { callback: () => void; ms: number }[];
let slept: number;
beforeEach(() => {
  room = Infinity;
  error = failure('ENOSPC');
  written = '';
  troubles = [];
  retries = [];
  slept = 0;
});

const output = (keptMax?: number) =>
  createLogOutput({
    // Behaves like a file on a disk with little room: it writes the bytes that fit, without an error.
    write: (bytes) => {
      const writtenBytes = Math.min(room, bytes.length);
      if (writtenBytes === 0) throw error;
      room -= writtenBytes;
      written += Buffer.from(bytes.subarray(0, writtenBytes)).toString();
      return writtenBytes;
    },
    lostLine: ({ count }) => `lost ${count}\n`,
    onTrouble: (trouble) => void troubles.push(trouble),
    later: (callback, ms) => void retries.push({ callback, ms }),
    sleep: (ms) => {
      slept += ms;
    },
    ...(keptMax === undefined ? {} : { keptMax }),
  });

const timePasses = () => {
  for (const { callback } of retries.splice(0)) callback();
};

describe('the output of the log', () => {
  it('keeps lines that cannot be written, and writes them in order when they can', () => {
    const log = output();
    log.write('one\n');
    room = 0;
    log.write('two\n');
    log.write('three\n');
    expect(written).toBe('one\n');
    room = Infinity;
    timePasses();
    expect(written).toBe('one\ntwo\nthree\n');
    log.write('four\n');
    expect(written).toBe('one\ntwo\nthree\nfour\n');
  });

  it('continues by itself when there is room, or with the next line if that comes first', () => {
    const log = output();
    room = 0;
    log.write('one\n');
    room = Infinity;
    log.write('two\n');
    expect(written).toBe('one\ntwo\n');
  });

  it('does not interrupt a line that has been written in part', () => {
    const log = output();
    room = 5;
    log.write('whole line\n');
    expect(written).toBe('whole');
    room = Infinity;
    timePasses();
    log.write('next\n');
    expect(written).toBe('whole line\nnext\n');
  });

  it('keeps a limited number of lines, counts the others, and writes in their place how many are missing', () => {
    const log = output(10);
    room = 0;
    for (let line = 0; line < 1_000; line += 1) log.write('a line\n');
    room = Infinity;
    log.write('after\n');
    expect(written).toBe('a line\nlost 999\nafter\n');
    timePasses();
    expect(written).toBe('a line\nlost 999\nafter\n');
  });

  it('keeps the count if the line about it cannot be written either', () => {
    const log = output(4);
    room = 0;
    log.write('one\n');
    log.write('two\n');
    room = 4;
    timePasses();
    log.write('three\n');
    expect(written).toBe('one\n');
    room = Infinity;
    timePasses();
    expect(written).toBe('one\nlost 2\n');
  });

  it('writes a line that is longer than the limit', () => {
    const log = output(4);
    log.write('a long line\n');
    expect(written).toBe('a long line\n');
  });

  it('reports a failure once, and its end once', () => {
    const log = output();
    room = 0;
    log.write('one\n');
    log.write('two\n');
    timePasses();
    timePasses();
    expect(troubles).toEqual([error]);
    room = Infinity;
    timePasses();
    log.write('three\n');
    expect(troubles).toEqual([error, undefined]);
  });

  it('reports no failure for a slow reader until a line is lost, and retries sooner', () => {
    const log = output(4);
    room = 0;
    error = failure('EAGAIN');
    log.write('one\n');
    expect(troubles).toEqual([]);
    const slow = retries.map(({ ms }) => ms);
    log.write('two\n');
    expect(troubles).toEqual([error]);
    retries = [];
    error = failure('ENOSPC');
    room = Infinity;
    timePasses();
    const otherOutput = output();
    room = 0;
    otherOutput.write('three\n');
    expect(Math.max(...slow)).toBeLessThan(Math.min(...retries.map(({ ms }) => ms)));
  });

  it('waits for only one retry at a time', () => {
    const log = output();
    room = 0;
    for (let line = 0; line < 100; line += 1) log.write('a line\n');
    expect(retries).toHaveLength(1);
  });

  it('at its end, waits a little for a slow reader and not for a full disk, and reports what was not written', () => {
    const log = output(8);
    room = 0;
    for (const line of ['one\n', 'two\n', 'three\n']) log.write(line);
    expect(log.end()).toBe(3);
    expect(slept).toBe(0);
    error = failure('EAGAIN');
    expect(log.end()).toBe(3);
    expect(slept).toBeGreaterThan(0);
    room = Infinity;
    expect(log.end()).toBe(0);
    expect(written).toBe('one\ntwo\nlost 1\n');
  });
});
