import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createAnnouncedFile, type Announced } from '../../home-assistant/announced-file.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog, type Log } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/wait.ts';

const nothing: Announced = { devices: new Map(), removed: new Set() };
const announced = (): Announced => ({
  devices: new Map([['release-button_agent_main', new Map([['event_main', 'event']])]]),
  removed: new Set(['release-button_agent_main']),
});

describe('what Home Assistant may know', () => {
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

  test('outlives a restart, in a directory that is made where it is missing', async () => {
    const first = fileFor();
    expect(await first.read()).toEqual(nothing);
    first.write(announced());
    await first.settled();
    expect(await fileFor().read()).toEqual(announced());
    // Nothing half-written is left behind.
    expect(readdirSync(join(folder, 'state'))).toEqual(['home-assistant.release-button.json']);
    expect(warnings).toEqual([]);
  });

  test('of quick changes the last one counts', async () => {
    const one = fileFor();
    one.write(nothing);
    one.write(announced());
    await one.settled();
    expect(await fileFor().read()).toEqual(announced());
  });

  test('of two prefixes is kept apart', async () => {
    const other = fileFor('building-7/release-button');
    other.write({
      devices: new Map([['building-7_-release-button_agent_main', new Map()]]),
      removed: new Set(),
    });
    await other.settled();
    expect(await fileFor().read()).toEqual(nothing);
  });

  test('of a prefix that is not ours is not believed', async () => {
    const one = fileFor();
    one.write({
      devices: new Map([['zigbee2mqtt_lamp', new Map([['light', 'light']])]]),
      removed: new Set(['zigbee2mqtt_lamp']),
    });
    await one.settled();
    expect(await fileFor().read()).toEqual(nothing);
  });

  test.each(['{nope', '{"devices": 1}', '[]'])(
    'that cannot be read (%s) is said, and begun anew',
    async (text) => {
      writeFileSync(join(folder, 'home-assistant.release-button.json'), text);
      expect(await fileFor('release-button', folder).read()).toEqual(nothing);
      expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
    },
  );

  test('of a directory that can never be made does not hold up the stop', async () => {
    const one = fileFor('release-button', '/proc/nowhere/state');
    one.write(announced());
    await one.settled();
    expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
  });

  test('that cannot be written is said once, and disturbs nothing', async () => {
    writeFileSync(join(folder, 'state'), 'a file in the place of the directory');
    const one = fileFor();
    one.write(announced());
    await one.settled();
    one.write(nothing);
    await one.settled();
    expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
  });

  test('that cannot be written is said in the health, and written when that is possible again', async () => {
    const clock = createFakeClock();
    const health = createHealth(clock);
    const one = createAnnouncedFile(join(folder, 'state'), 'release-button', log(), { clock, health });
    await one.read();
    expect(health.report().status).toBe('ok');
    writeFileSync(join(folder, 'state'), 'a file in the place of the directory');
    one.write(announced());
    await until('the failure', () => health.report().status === 'degraded');
    expect(health.report().checks['home-assistant-state']?.message).toContain('homeAssistant.stateDir');
    rmSync(join(folder, 'state'));
    await until('the next try', () => clock.pendingTimers() > 0);
    clock.advance(60_000);
    await until('health', () => health.report().status === 'ok');
    expect(await fileFor().read()).toEqual(announced());
  });
});
