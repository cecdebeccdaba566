import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createAnnouncedFile, type Announced } from '../../home-assistant/announced-file.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog, type Log } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/wait.ts';

const emptyRecord: Announced = { devices: new Map(), removed: new Set() };
const announced = (): Announced => ({
  devices: new Map([['release-button_agent_main', new Map([['event_main', 'event']])]]),
  removed: new Set(['release-button_agent_main']),
});

describe('the record of what Home Assistant may know', () => {
  let folder: string;
  let warnings: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-button-announced-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    warnings = [];
  });
  const log = (): Log =>
    Object.assign(silentLog(), { warn: (message: unknown) => void warnings.push(String(message)) });
  const fileFor = (prefix = 'release-button', at = join(folder, 'state')) =>
    createAnnouncedFile(at, prefix, log());

  test('outlives a restart, in a directory that is made if it is missing', async () => {
    const first = fileFor();
    expect(await first.read()).toEqual(emptyRecord);
    first.write(announced());
    await first.settled();
    expect(await fileFor().read()).toEqual(announced());
    // No incomplete file is left behind.
    expect(readdirSync(join(folder, 'state'))).toEqual(['home-assistant.release-button.json']);
    expect(warnings).toEqual([]);
  });

  test('has the last of several quick changes', async () => {
    const file = fileFor();
    file.write(emptyRecord);
    file.write(announced());
    await file.settled();
    expect(await fileFor().read()).toEqual(announced());
  });

  test('is separate for each prefix', async () => {
    const otherFile = fileFor('building-7/release-button');
    otherFile.write({
      devices: new Map([['building-7_-release-button_agent_main', new Map()]]),
      removed: new Set(),
    });
    await otherFile.settled();
    expect(await fileFor().read()).toEqual(emptyRecord);
  });

  test('is ignored if it is about another prefix', async () => {
    const file = fileFor();
    file.write({
      devices: new Map([['zigbee2mqtt_lamp', new Map([['light', 'light']])]]),
      removed: new Set(['zigbee2mqtt_lamp']),
    });
    await file.settled();
    expect(await fileFor().read()).toEqual(emptyRecord);
  });

  test.each(['{nope', '{"devices": 1}', '[]'])(
    'starts empty with a warning if its file cannot be read: %s',
    async (text) => {
      writeFileSync(join(folder, 'home-assistant.release-button.json'), text);
      expect(await fileFor('release-button', folder).read()).toEqual(emptyRecord);
      expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
    },
  );

  test('does not delay the stop if its directory can never be made', async () => {
    const file = fileFor('release-button', '/proc/nowhere/state');
    file.write(announced());
    await file.settled();
    expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
  });

  test('causes one warning and nothing else if it cannot be written', async () => {
    writeFileSync(join(folder, 'state'), 'a file in the place of the directory');
    const file = fileFor();
    file.write(announced());
    await file.settled();
    file.write(emptyRecord);
    await file.settled();
    expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
  });

  test('is a fault in the health while it cannot be written, and is written when that is possible again', async () => {
    const clock = createFakeClock();
    const health = createHealth(clock);
    const file = createAnnouncedFile(join(folder, 'state'), 'release-button', log(), { clock, health });
    await file.read();
    expect(health.report().status).toBe('ok');
    writeFileSync(join(folder, 'state'), 'a file in the place of the directory');
    file.write(announced());
    await until('the failure', () => health.report().status === 'degraded');
    expect(health.report().checks['home-assistant-state']?.message).toContain('homeAssistant.stateDir');
    rmSync(join(folder, 'state'));
    await until('the next try', () => clock.pendingTimers() > 0);
    clock.advance(60_000);
    await until('health', () => health.report().status === 'ok');
    expect(await fileFor().read()).toEqual(announced());
  });
});
