// The release worker: which button releases what, and how carefully.
import * as z from 'zod/mini';
import { schemaOf, section, setting } from '../declare.ts';
import { flag, id, must, oneOf, path, text, wholeNumber } from '../formats.ts';
import { idsTwice } from './twice.ts';

// Kubernetes names: DNS subdomains (253) for applications and projects, labels (63) for namespaces.
const dnsName = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';
const dnsLabel = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';

function names(pattern: RegExp, what: string) {
  const entry = z
    .string()
    .check(
      must<string>(
        (value) => pattern.test(value),
        `must be ${what}; patterns such as \`*\` are not supported`,
        'write the whole name; to select many, use projects, labels or namespaces, or `select: {all: true}`',
      ),
    );
  return z.array(entry).check(z.minLength(1), z.maxLength(1000));
}

// Kubernetes labels: an optional prefix and a name; the value may be empty.
const labelValue = z
  .string()
  .check(
    must<string>(
      (value) => /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value),
      'must be the value of a Kubernetes label: up to 63 letters, digits, - _ and .; patterns are not supported',
      'write the whole value of the label, as Argo CD shows it',
    ),
  );

const labels = z
  .record(z.string(), labelValue)
  .check(
    must<Record<string, string>>(
      (map) =>
        Object.keys(map).length > 0 &&
        Object.keys(map).every((key) =>
          /^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(key),
        ),
      'must be a map of at least one label and its value',
      'write for example `labels: {team: web}`',
    ),
  );

const sayWhich = `say which applications this button releases, for example in the file

       worker:
         buttons:
           - id: main
             select: {projects: [shop]}   # or names, labels, namespaces; or {all: true} for every application

     or in the environment: RELEASE_BUTTON_WORKER_BUTTONS='[{id: main, select: {all: true}}]'`;

const selection = z
  .strictObject({
    names: z.exactOptional(
      names(new RegExp(`^(${dnsLabel}/)?${dnsName}$`), 'an application, `name` or `namespace/name`'),
    ),
    projects: z.exactOptional(names(new RegExp(`^${dnsName}$`), 'the name of an Argo CD project')),
    labels: z.exactOptional(labels),
    namespaces: z.exactOptional(names(new RegExp(`^${dnsLabel}$`), 'a namespace')),
    all: z.exactOptional(z.literal(true)),
  })
  .check(
    must<object>((value) => Object.keys(value).length > 0, 'is empty', sayWhich),
    must<object>(
      (value) => !('all' in value) || Object.keys(value).length === 1,
      'has `all` together with other keys',
      'keep either `all: true` or the other keys',
    ),
  );

type Selection = z.output<typeof selection>;

/** May be missing in what is given (the default button has none), never in what is parsed. */
const select = z.pipe(
  z.optional(selection),
  z
    .custom<Selection, Selection | undefined>()
    .check(must((value) => value !== undefined, 'is missing', sayWhich)),
);

const notYet = (value: string) => `\`${value}\` is not available yet: it comes with a later version`;
const action = oneOf(['release'], { rollback: notYet('rollback') });

const on = z
  .strictObject({
    press: z.exactOptional(action),
    double: z.exactOptional(action),
    hold: z.exactOptional(action),
  })
  .check(
    must<object>(
      (value) => Object.keys(value).length > 0,
      'is empty: no gesture would do anything',
      'write for example `on: {press: release}`',
    ),
  );

const button = {
  id: setting(id(), { doc: 'The button, as in its topics.', default: 'main' }),
  title: setting(text(100), { doc: 'A name for people.', example: 'Release the shop' }),
  select: setting(select, {
    doc: 'The applications that it releases; has to be said. names (`name` or `namespace/name`), projects, labels (a map) and namespaces: an application must fit every one that is given, and any entry within it. Or {all: true}.',
    required: true,
    example: { projects: ['shop'] },
  }),
  on: setting(on, {
    doc: 'What each gesture (press, double, hold) does; `release` is the only action yet. A gesture that is not named does nothing.',
    default: { press: 'release' },
  }),
  confirm: setting(oneOf(['none'], { twice: notYet('twice'), key: notYet('key') }), {
    doc: 'Whether a press must be confirmed; `none` is the only way yet.',
    default: 'none',
  }),
  coolDownMs: setting(wholeNumber(0, 3_600_000), {
    doc: 'How long after an accepted press the button accepts no other.',
    default: 2000,
  }),
  refresh: setting(oneOf(['normal', 'hard', 'none']), {
    doc: 'Whether Argo CD looks at Git again before it syncs; hard also drops its manifest cache.',
    default: 'normal',
  }),
  pinRevision: setting(flag(), {
    doc: 'Release exactly the revision that was shown as out of sync; false: whatever is newest.',
    default: true,
  }),
  prune: setting(flag(), { doc: 'Also delete resources that are no longer in Git.', default: false }),
};

export const worker = section(
  {
    id: setting(id(), {
      doc: 'The worker, as in its topics and its client id. One active worker an id.',
      default: 'main',
    }),
    stateDir: setting(path(), {
      doc: 'The directory for the journal; the worker must be able to write there. Relative to the working directory.',
      default: './state',
    }),
    maxPressAgeMs: setting(wholeNumber(1000, 600_000), {
      doc: 'A press that is older by its own time stamp, or that far in the future, is refused as stale.',
      default: 10_000,
    }),
    maxPressesPerMinute: setting(wholeNumber(1, 6000), {
      doc: 'How many presses of all buttons together are looked at in a minute.',
      default: 60,
    }),
    refreshOnPressMax: setting(wholeNumber(0, 1000), {
      doc: 'When nothing is known to be out of sync, a press refreshes up to this many applications first.',
      default: 20,
    }),
    buttons: setting(z.array(schemaOf(button)).check(z.maxLength(100)), {
      doc: 'What each button releases. Every key but select may be left out.',
      default: [{}],
      items: button,
    }),
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
        doc: 'Count an application as released only once it is healthy too.',
        default: false,
      }),
    },
    drift: {
      maxAgeMs: setting(wholeNumber(1000, 3_600_000), {
        doc: 'When what is known of Argo CD is older, the light says unknown.',
        default: 60_000,
      }),
      listEveryMs: setting(wholeNumber(1000, 86_400_000), {
        doc: 'How often all applications are listed, besides the stream of changes.',
        default: 180_000,
      }),
      streamIdleMs: setting(wholeNumber(1000, 3_600_000), {
        doc: 'A stream of changes that is silent for this long is opened anew.',
        default: 45_000,
      }),
      maxPublishesPerSecond: setting(wholeNumber(1, 10_000), {
        doc: 'How many changes are published in a second at most; the republish after a reconnect is exempt.',
        default: 50,
      }),
    },
  },
  (values) => idsTwice('buttons', values.buttons),
);
