// Steps the wall clock of running processes, by a library between them and the kernel.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { startSeparately, type SeparateInstallation } from '../support/installation.ts';
import { publish } from '../support/processes.ts';
import { faketimeLibrary, hasMosquitto } from '../support/programs.ts';
import { until } from '../support/wait.ts';

const press = 'release-button/button/main/press';
const result = 'release-button/button/main/result';

describe.skipIf(!hasMosquitto || faketimeLibrary === undefined)(
  'a stepped clock (skipped without mosquitto-clients and faketime)',
  () => {
    let here: SeparateInstallation | undefined;
    afterEach(async () => {
      await here?.workplace.clear();
      here = undefined;
    });

    it.each([
      ['back', '-3600'],
      ['forward', '+3600'],
    ])('%s by an hour, wrongly: a fresh press still releases, and an old one does not', async (_, step) => {
      const directory = mkdtempSync(join(tmpdir(), 'release-button-'));
      onTestFinished(() => rmSync(directory, { recursive: true }));
      const file = join(directory, 'faketime');
      writeFileSync(file, '+0');
      const apart = (here = await startSeparately([{ name: 'shop', drifted: true }], {
        LD_PRELOAD: faketimeLibrary ?? '',
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }));
      const pressed = async (ageMs: number) => {
        const id = randomUUID();
        const at = new Date(Date.now() - ageMs).toISOString();
        publish(apart.brokerUrl, ['-t', press, '-m', JSON.stringify({ id, at })]);
        return until('its result', () => {
          const latest = apart.subscriber.latest(result);
          return latest?.['pressId'] === id ? latest : undefined;
        });
      };
      writeFileSync(file, step);
      await until('the step', async () => {
        const said = await pressed(11_000);
        return Math.abs(Date.parse(String(said['at'])) - Date.now()) > 3_000_000;
      });
      expect(await pressed(11_000)).toMatchObject({ reason: 'stale' });
      expect(await apart.argocd.syncs()).toEqual([]);
      await until('a press to be accepted', async () => (await pressed(0))['outcome'] === 'accepted');
      await apart.untilSignal('clear');
      expect(await apart.argocd.syncs()).toHaveLength(1);
    });
  },
);
