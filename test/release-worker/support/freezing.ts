// The freeze on a fake link, with a real file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createFreezeFile, type FreezeFile } from '../../../release-worker/freeze/file.ts';
import { createFreeze } from '../../../release-worker/freeze/freeze.ts';
import type { Journal } from '../../../release-worker/releases/journal.ts';
import { createReplies } from '../../../release-worker/replies.ts';
import { createHealth } from '../../../service/health.ts';
import { silentLog } from '../../../service/log.ts';
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/wait.ts';
import { createFakeLink } from './fake-link.ts';
import { memoryJournal } from './intake.ts';
import { stateDirectory } from './worker.ts';

export async function freezing(
  options: {
    stateDir?: string;
    file?: FreezeFile;
    journal?: Pick<Journal, 'append'>;
    isOthers?: (button: string) => boolean;
    clock?: FakeClock;
    worker?: string;
    buttons?: readonly string[];
  } = {},
) {
  const stateDir = options.stateDir ?? stateDirectory();
  const fake = createFakeLink();
  const clock = options.clock ?? createFakeClock();
  const journal = memoryJournal();
  const health = createHealth(clock);
  let changes = 0;
  const freeze = createFreeze({
    link: fake.link,
    clock,
    log: silentLog(),
    file: options.file ?? createFreezeFile(stateDir),
    journal: options.journal ?? journal,
    claims: { isOthers: options.isOthers ?? (() => false) },
    replies: createReplies(fake.link, 'release-button', 'main'),
    worker: options.worker ?? 'main',
    buttons: options.buttons ?? ['main', 'other'],
    health: health.check('freeze', 'degraded'),
    onChange: () => {
      changes += 1;
    },
  });
  onTestFinished(() => freeze.stop());
  await freeze.start();
  return {
    freeze,
    fake,
    clock,
    journal,
    health,
    stateDir,
    changes: () => changes,
    set: async (payload: unknown) => {
      const before = fake.on('worker/main/freeze/state').length;
      fake.deliver('freeze/set', payload);
      await until('the freeze to be said', () => fake.on('worker/main/freeze/state').length > before);
    },
    ask: async (payload: Record<string, unknown>) => {
      const before = fake.on('reply/r1').length;
      fake.deliver('freeze/set', { id: 'r1', ...payload });
      return until('the reply', () => fake.on('reply/r1')[before]);
    },
    onDisk: (): Record<string, unknown> => JSON.parse(readFileSync(join(stateDir, 'freeze.json'), 'utf8')),
  };
}
