// Every entry of these lists in the code has a row in a table of each page that explains it. A failure names the page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { drivers } from '../config/sections/agent.ts';
import { checkNames } from '../doctor/row.ts';
import { signalStates } from '../home-assistant/worker-button.ts';
import { signals } from '../messages/button.ts';
import { pressReasons } from '../messages/press.ts';
import { usualEntities } from './home-assistant/support/usual-entities.ts';

const read = (page: string) => readFileSync(join(import.meta.dirname, '..', page), 'utf8');

/** The first word of each term, from the table cells that contain only terms, such as `drifted`, `clear`. */
const termsIn = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .flatMap((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cell) => /^`[^`]+`(, `[^`]+`)*$/.test(cell))
    .flatMap((cell) => [...cell.matchAll(/`([^` ]+)[^`]*`/g)].map(([, word = '']) => word));

const missing = (words: readonly string[], terms: readonly string[]) =>
  words.filter((word) => !terms.includes(word));

describe('every signal', () => {
  test.each(['README.md', 'docs/trust-light.md', 'docs/lamps.md'])('has a row in a table of %s', (page) => {
    expect(missing(signals, termsIn(read(page)))).toEqual([]);
  });

  test('is in the row of sensor.release_button_signal in docs/home-assistant-entities.md', () => {
    const row =
      /^\| `sensor\.release_button_signal`.*$/m.exec(read('docs/home-assistant-entities.md'))?.[0] ?? '';
    expect(signalStates.filter((state) => !row.includes(`\`${state}\``))).toEqual([]);
  });
});

test('every reason of a rejected press has a row in a table of docs/trust.md', () => {
  expect(missing(pressReasons, termsIn(read('docs/trust.md')))).toEqual([]);
});

test('every entity of the usual installation has a row in a table of docs/home-assistant-entities.md', () => {
  // A device trigger has no id, and an application has an `update` entity named after it.
  const ids = [...usualEntities.keys()].filter((id) => /^(?!update)\w+\./.test(id));
  expect(missing(ids, termsIn(read('docs/home-assistant-entities.md')))).toEqual([]);
});

test('every driver is in a table of docs/hardware-drivers.md', () => {
  const namedDrivers = drivers.filter((driver) => driver !== 'auto');
  expect(missing(namedDrivers, termsIn(read('docs/hardware-drivers.md')))).toEqual([]);
});

test.each(['docs/doctor-checks.md', 'docs/doctor-json.md'])(
  'every check of the doctor has a row in a table of %s',
  (page) => {
    expect(missing(checkNames, termsIn(read(page)))).toEqual([]);
  },
);

test('the check finds terms, and words without one', () => {
  expect(termsIn('| `worker <id>`, `agent <id>` | text with `code` |')).toEqual(['worker', 'agent']);
  expect(missing(['worker', 'broker'], termsIn('| `worker <id>` | broker |'))).toEqual(['broker']);
});
