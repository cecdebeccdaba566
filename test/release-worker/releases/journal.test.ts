import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { JournalLine } from '../../../release-worker/releases/journal-lines.ts';
import { createJournal, JournalError } from '../../../release-worker/releases/journal.ts';
import { silentLog } from '../../../service/log.ts';
import { linesOf, planned, pressLine, releaseOf } from '../support/releases.ts';

function place() {
  const stateDir = mkdtempSync(join(tmpdir(), 'release-button-'));
  onTestFinished(() => rmSync(stateDir, { recursive: true }));
  return { stateDir, path: join(stateDir, 'journal.jsonl') };
}

async function opened(stateDir: string) {
  const lines: JournalLine[] = [];
  const journal = createJournal({ stateDir, log: silentLog() });
  await journal.open((line) => void lines.push(line));
  onTestFinished(() => journal.close());
  return { journal, lines };
}

const one = pressLine({ pressId: 'one' });
const two = pressLine({ pressId: 'two' });
const three = pressLine({ pressId: 'three' });

async function readBack(stateDir: string): Promise<readonly JournalLine[]> {
  return (await opened(stateDir)).lines;
}

it('returns every kind of line as it was written, oldest first', async () => {
  const { stateDir } = place();
  const lines = linesOf(releaseOf([planned('a'), planned('b')]));
  const { journal } = await opened(join(stateDir, 'new', 'deep'));
  for (const [index, line] of lines.entries()) await journal.append(line, { flush: index % 2 === 0 });
  await journal.close();

  expect(await readBack(join(stateDir, 'new', 'deep'))).toEqual(lines);
});

it('writes concurrent lines whole and in order', async () => {
  const { stateDir } = place();
  const { journal } = await opened(stateDir);
  const lines = Array.from({ length: 200 }, (_, index) =>
    pressLine({ pressId: `p${index}`, message: 'x'.repeat(index * 50) }),
  );
  await Promise.all(lines.map((line, index) => journal.append(line, { flush: index % 10 === 0 })));
  await journal.close();

  expect(await readBack(stateDir)).toEqual(lines);
});

it('writes all pending lines before it closes', async () => {
  const { stateDir } = place();
  const { journal } = await opened(stateDir);
  const written = [one, two, three].map((line) => journal.append(line, { flush: true }));
  await journal.close();
  await Promise.all(written);
  await journal.close();
  await expect(journal.append(one, { flush: false })).rejects.toThrow(JournalError);

  expect(await readBack(stateDir)).toEqual([one, two, three]);
});

describe('reading skips', () => {
  const line = JSON.stringify(one);
  it.each([
    ['a last line that was torn', `${line}\n${JSON.stringify(two).slice(0, 40)}`],
    ['garbage', `not json\n${line}\n{"type":"press"}\n[]\n\u0000\u0000\n`],
    ['lines of a later version', `{"type":"something-new"}\n${line}\n`],
    ['empty lines', `\n\n${line}\n\n`],
    ['an over-long line', `${'x'.repeat(9_000_000)}\n${line}\n`],
    ['an over-long line that ends the file', `${line}\n${'x'.repeat(20_000_000)}`],
  ])('%s, and what is written next is read again', async (_, text) => {
    const { stateDir, path } = place();
    writeFileSync(path, text);
    const { journal, lines } = await opened(stateDir);
    expect(lines).toEqual([one]);

    await journal.append(three, { flush: true });
    await journal.close();
    expect(await readBack(stateDir)).toEqual([one, three]);
  });

  it('bytes that are not text', async () => {
    const { stateDir, path } = place();
    writeFileSync(path, Buffer.concat([Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from(`${line}\n`)]));
    expect(await readBack(stateDir)).toEqual([one]);
  });

  it('no line with multi-byte characters, wherever a chunk ends', async () => {
    const { stateDir } = place();
    const { journal } = await opened(stateDir);
    const lines = Array.from({ length: 300 }, (_, index) =>
      pressLine({ message: 'ü€😀'.repeat(100 + index) }),
    );
    for (const each of lines) await journal.append(each, { flush: false });
    await journal.close();
    expect(await readBack(stateDir)).toEqual(lines);
  });
});

describe('a full disk', () => {
  it('causes an error with a remedy', async () => {
    const { stateDir, path } = place();
    symlinkSync('/dev/full', path);
    const { journal } = await opened(stateDir);
    const written = journal.append(one, { flush: false });
    await expect(written).rejects.toThrow(JournalError);
    await expect(written).rejects.toThrow(/worker\.stateDir.*ENOSPC.*free disk space/);
  });

  it('does not damage the lines that are written when there is space again', async () => {
    const { stateDir, path } = place();
    const { journal } = await opened(stateDir);
    await journal.append(one, { flush: true });
    await journal.close();
    // The state of the file after the disk filled up in the middle of a line.
    writeFileSync(path, JSON.stringify(two).slice(0, 30), { flag: 'a' });
    const again = await opened(stateDir);
    await again.journal.append(three, { flush: true });
    await again.journal.close();
    expect(await readBack(stateDir)).toEqual([one, three]);
  });
});

describe('opening fails with a remedy', () => {
  it('if the directory is a file', async () => {
    const { stateDir } = place();
    const file = join(stateDir, 'file');
    writeFileSync(file, '');
    const journal = createJournal({ stateDir: join(file, 'state'), log: silentLog() });
    await expect(journal.open(() => {})).rejects.toThrow(/cannot open the journal .*worker\.stateDir/);
    await journal.close();
  });

  it('if the journal is a directory', async () => {
    const { path, stateDir } = place();
    const journal = createJournal({ stateDir: path, log: silentLog() });
    await journal.open(() => {});
    await journal.close();
    const outer = createJournal({ stateDir, log: silentLog() });
    await expect(outer.open(() => {})).rejects.toThrow(JournalError);
  });
});

it('is readable by its owner and group only', async () => {
  const { stateDir, path } = place();
  chmodSync(stateDir, 0o700);
  const { journal } = await opened(stateDir);
  await journal.append(one, { flush: true });
  expect(existsSync(path)).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(one)}\n`);
});
