import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createMemory, type Known } from '../../home-assistant/memory.ts';
import { createHealth } from '../../service/health.ts';
import { silentLog, type Log } from '../../service/log.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/wait.ts';

const nothing: Known = { devices: new Map(), gone: new Set() };
const known = (): Known => ({
  devices: new Map([['release-button_agent_main', new Map([['event_main', 'event']])]]),
  gone: new Set(['release-button_agent_main']),
});

describe('what Home Assistant may know', () => {
  let folder: string;
  let warnings: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'release-button-memory-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    warnings = [];
  });
  const log = (): Log =>
    Object.assign(silentLog(), { warn: (message: unknown) => void warnings.push(String(message)) });
  const memory = (prefix = 'release-button', at = join(folder, 'state')) => createMemory(at, prefix, log());

  test('outlives a restart, in a directory that is made where it is missing', async () => {
    const first = memory();
    expect(await first.read()).toEqual(nothing);
    first.write(known());
    await first.settled();
    expect(await memory().read()).toEqual(known());
    // Nothing half-written is left behind.
    expect(readdirSync(join(folder, 'state'))).toEqual(['home-assistant.release-button.json']);
    expect(warnings).toEqual([]);
  });

  test('of quick changes the last one counts', async () => {
    const one = memory();
    one.write(nothing);
    one.write(known());
    await one.settled();
    expect(await memory().read()).toEqual(known());
  });

  test('of two prefixes is kept apart', async () => {
    const other = memory('building-7/release-button');
    other.write({
      devices: new Map([['building-7_-release-button_agent_main', new Map()]]),
      gone: new Set(),
    });
    await other.settled();
    expect(await memory().read()).toEqual(nothing);
  });

  test('of a prefix that is not ours is not believed', async () => {
    const one = memory();
    one.write({
      devices: new Map([['zigbee2mqtt_lamp', new Map([['light', 'light']])]]),
      gone: new Set(['zigbee2mqtt_lamp']),
    });
    await one.settled();
    expect(await memory().read()).toEqual(nothing);
  });

  test.each(['{nope', '{"devices": 1}', '[]'])(
    'that cannot be read (%s) is said, and begun anew',
    async (text) => {
      writeFileSync(join(folder, 'home-assistant.release-button.json'), text);
      expect(await memory('release-button', folder).read()).toEqual(nothing);
      expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
    },
  );

  test('of a directory that can never be made does not hold up the stop', async () => {
    const one = memory('release-button', '/proc/nowhere/state');
    one.write(known());
    await one.settled();
    expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
  });

  test('that cannot be written is said once, and disturbs nothing', async () => {
    writeFileSync(join(folder, 'state'), 'a file in the place of the directory');
    const one = memory();
    one.write(known());
    await one.settled();
    one.write(nothing);
    await one.settled();
    expect(warnings).toEqual([expect.stringContaining('homeAssistant.stateDir')]);
  });

  test('that cannot be written is said in the health, and written when that is possible again', async () => {
    const clock = createFakeClock();
    const health = createHealth(clock);
    const one = createMemory(join(folder, 'state'), 'release-button', log(), { clock, health });
    await one.read();
    expect(health.report().status).toBe('ok');
    writeFileSync(join(folder, 'state'), 'a file in the place of the directory');
    one.write(known());
    await until('the failure', () => health.report().status === 'degraded');
    expect(health.report().checks['home-assistant-state']?.message).toContain('homeAssistant.stateDir');
    rmSync(join(folder, 'state'));
    await until('the next try', () => clock.pendingTimers() > 0);
    clock.advance(60_000);
    await until('health', () => health.report().status === 'ok');
    expect(await memory().read()).toEqual(known());
  });
});
