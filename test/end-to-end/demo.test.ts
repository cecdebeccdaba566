// The demo as README.md shows it: a person can paste its output, and can roll a release back.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { command, createWorkplace, type Running, type Workplace } from '../support/processes.ts';
import { hasMosquitto, hasPython } from '../support/programs.ts';
import { until } from '../support/wait.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

/** How often a text has been printed. */
const times = (running: Running, text: RegExp) => running.output().match(new RegExp(text, 'g'))?.length ?? 0;

describe.skipIf(!hasMosquitto)(
  'the lines that the demo prints at its start (skipped without mosquitto-clients)',
  () => {
    it('press, roll back and unfreeze when a person pastes them', async () => {
      const start = workplace.start(['start']);
      await start.untilOutput('roll back with: ');
      const printedLines = (pattern: RegExp) =>
        start.logs().flatMap((line) => pattern.exec(String(line['msg']))?.slice(1) ?? []);
      const [press] = printedLines(/^press with: (.*)$/);
      const [rollBack, thaw] = printedLines(
        /^roll back with: (.*); this freezes the button\. Unfreeze with: (.*)$/,
      );
      const type = async (line: string | undefined) => {
        const pasted = workplace.spawn('sh', ['-c', String(line)]);
        expect(await pasted.exited, pasted.output()).toEqual({ code: 0, signal: null });
      };

      await start.untilOutput(/"signal":"drifted"/);
      await type(press);
      await start.untilOutput(/release succeeded/);
      await type(rollBack);
      await start.untilOutput(/"signal":"blocked"/);
      await start.untilOutput(/rolled back/);
      const drifted = times(start, /"signal":"drifted"/);
      await type(thaw);
      await until('something to release again', () => times(start, /"signal":"drifted"/) > drifted);
    });
  },
);

it('rolls a release back with `release-button rollback`, and `unfreeze` lets the button release again', async () => {
  const start = workplace.start(['start']);
  const env = { RELEASE_BUTTON_MQTT_URL: await start.untilListening((line) => line['part'] === 'broker') };
  const run = async (...args: readonly string[]) => {
    const running = workplace.start(args, env);
    const { code } = await running.exited;
    return { code, output: running.output() };
  };
  await start.untilOutput(/"signal":"drifted"/);
  expect(await run('press')).toMatchObject({ code: 0 });
  await start.untilOutput(/release succeeded/);
  expect(await run('rollback')).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^accepted: rolling back /),
  });
  await start.untilOutput(/"signal":"blocked"/);
  expect(await run('press')).toMatchObject({ code: 4, output: expect.stringContaining('rolled back') });
  expect(await run('unfreeze')).toMatchObject({ code: 0 });
  expect(await run('press')).toMatchObject({ code: 0 });
});

it.skipIf(!hasPython)(
  'presses and holds with the keys of the terminal (skipped without python3)',
  async () => {
    const terminal = workplace.spawn(
      'python3',
      [join(import.meta.dirname, '../support/terminal.py'), process.execPath, command, 'start'],
      {
        KEYS: ' hq',
        RELEASE_BUTTON_BROKER_PORT: '0',
        RELEASE_BUTTON_HEALTH_PORT: '0',
        RELEASE_BUTTON_SIMULATOR_PORT: '0',
        RELEASE_BUTTON_SIMULATOR_DRIFT_EVERY_MS: '0',
      },
    );
    await terminal.untilOutput('the space bar presses the first button, h holds it');
    await terminal.untilOutput('LED main: on');
    terminal.signal('SIGUSR2');
    await terminal.untilOutput('release succeeded');
    // The light must not still show success, because then the button is free again.
    await terminal.untilOutput('LED main: off (clear)');
    terminal.signal('SIGUSR2');
    await terminal.untilOutput('LED main: blip');
    await terminal.untilOutput('rolled back');
    terminal.signal('SIGUSR2');
    await terminal.untilOutput('ended: code 0');
  },
);
