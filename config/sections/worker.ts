// The release worker: its buttons, and how it releases and watches.
import * as z from 'zod/mini';
import { section } from '../section.ts';
import { schemaOf, setting } from '../setting.ts';
import { flag, id, path, text, wholeNumber } from '../formats.ts';
import { checkButtons } from './worker-button-checks.ts';
import { checkIds } from './duplicate-ids.ts';
import { button } from './worker-button.ts';
import { checkForeign } from './worker-foreign-checks.ts';
import { lights } from './worker-lights.ts';
import { presses } from './worker-presses.ts';

export const worker = section(
  {
    id: setting(id(), {
      doc: 'The id of the worker. Its topics and its client id contain it, so each active worker needs its own.',
      default: 'main',
    }),
    title: setting(text(100), {
      doc: 'The name of the worker that people see, for example in Home Assistant.',
      example: 'Releases to production',
    }),
    stateDir: setting(path(), {
      doc: 'The directory for the journal and the freezes. The worker must be able to write to it, and no other process may use it. Relative to the working directory.',
      default: './state',
    }),
    maxPressAgeMs: setting(wholeNumber(1000, 600_000), {
      doc: 'A press is refused as stale if its time is further in the past or in the future than this.',
      default: 10_000,
    }),
    maxPressesPerMinute: setting(wholeNumber(1, 6000), {
      doc: 'How many presses the worker processes in a minute, all buttons together. A press that names applications (`only`) counts only towards the limit of these applications.',
      default: 60,
    }),
    refreshOnPressMax: setting(wholeNumber(0, 1000), {
      doc: 'If no application is known to be out of sync, a press first refreshes up to this many applications.',
      default: 20,
    }),
    buttons: setting(z.array(schemaOf(button)).check(z.maxLength(100)), {
      doc: 'What each button releases. Every key except select is optional.',
      default: [{}],
      items: button,
    }),
    presses,
    lights,
    release: {
      appTimeoutMs: setting(wholeNumber(1000, 86_400_000), {
        doc: 'How long the release of one application may take.',
        default: 600_000,
      }),
      refreshTimeoutMs: setting(wholeNumber(100, 300_000), {
        doc: 'How long the refresh of one application may take.',
        default: 15_000,
      }),
      concurrency: setting(wholeNumber(1, 100), {
        doc: 'How many applications are released at the same time.',
        default: 5,
      }),
      waitHealthy: setting(flag(), {
        doc: 'Whether an application counts as released only once it is also healthy.',
        default: false,
      }),
    },
    drift: {
      maxAgeMs: setting(wholeNumber(1000, 3_600_000), {
        doc: 'If the last answer of Argo CD is older than this, the light shows `unknown`.',
        default: 60_000,
      }),
      listEveryMs: setting(wholeNumber(1000, 86_400_000), {
        doc: 'How often the worker lists all applications, in addition to the stream of changes.',
        default: 180_000,
      }),
      streamIdleMs: setting(wholeNumber(1000, 3_600_000), {
        doc: 'If the stream of changes is silent for this long, the worker opens a new one.',
        default: 45_000,
      }),
      automatedGraceMs: setting(wholeNumber(0, 3_600_000), {
        doc: 'How long an application with automated sync must be out of sync before it counts as drift. Argo CD usually syncs it within this time.',
        default: 10_000,
      }),
      maxPublishesPerSecond: setting(wholeNumber(1, 10_000), {
        doc: 'The most changes that the worker publishes per second. What it publishes again after a reconnect does not count.',
        default: 50,
      }),
    },
  },
  (values, report, topicPrefix) => {
    checkIds('buttons', values.buttons, report);
    checkButtons(values.buttons, report);
    checkForeign(values, report, topicPrefix);
  },
);
