// Steps the wall clock of running processes, with a library between them and the kernel.
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
    let running: SeparateInstallation | undefined;
    afterEach(async () => {
      await running?.workplace.clear();
      running = undefined;
    });

    it.each([
      ['is set back wrongly', '-3600'],
      ['is set forward wrongly', '+3600'],
    ])('%s by an hour: a new press still releases, and an old press does not', async (_, step) => {
      const directory = mkdtempSync(join(tmpdir(), 'release-button-'));
      onTestFinished(() => rmSync(directory, { recursive: true }));
      const file = join(directory, 'faketime');
      writeFileSync(file, '+0');
      const installation = (running = await startSeparately([{ name: 'shop', drifted: true }], {
        LD_PRELOAD: faketimeLibrary ?? '',
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }));
      const pressAged = async (ageMs: number) => {
        const id = randomUUID();
        const at = new Date(Date.now() - ageMs).toISOString();
        publish(installation.brokerUrl, ['-t', press, '-m', JSON.stringify({ id, at })]);
        return until('its result', () => {
          const newestResult = installation.subscriber.latest(result);
          return newestResult?.['pressId'] === id ? newestResult : undefined;
        });
      };
      writeFileSync(file, step);
      await until('the step', async () => {
        const oldPressResult = await pressAged(11_000);
        return Math.abs(Date.parse(String(oldPressResult['at'])) - Date.now()) > 3_000_000;
      });
      expect(await pressAged(11_000)).toMatchObject({ reason: 'stale' });
      expect(await installation.argocd.syncs()).toEqual([]);
      await until('a press to be accepted', async () => (await pressAged(0))['outcome'] === 'accepted');
      await installation.untilSignal('clear');
      expect(await installation.argocd.syncs()).toHaveLength(1);
    });
  },
);
