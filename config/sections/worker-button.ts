// One button of the release worker: what it selects, what its gestures do, and how it releases.
import * as z from 'zod/mini';
import { setting } from '../setting.ts';
import { flag, id, must, oneOf, text, textThat, wholeNumber } from '../formats.ts';
import { withLikelyValues, wordsIn } from '../problems/likely-values.ts';
import { appNames, selection, type Selection } from './application-selection.ts';

const sayWhich = `say which applications this button releases, for example in the file

       worker:
         buttons:
           - id: main
             select: {projects: [shop]}   # or names, labels, namespaces

     or in the environment: RELEASE_BUTTON_WORKER_BUTTONS='[{id: main, select: {projects: [shop]}}]'`;

/** May be missing in what is given (the default button has none), never in what is parsed. */
const select = z.pipe(
  z.optional(selection(sayWhich)),
  z
    .custom<Selection, Selection | undefined>()
    .check(must((value) => value !== undefined, 'is missing', sayWhich)),
);

const action = oneOf(['release', 'rollback', 'refresh']);

const waves = z.array(appNames);

const syncOption = textThat(
  (value) => /^[A-Za-z][\w.-]{0,62}=[^\p{C}]{1,200}$/u.test(value),
  'must be an option and its value, `Name=value`',
  'write for example `PruneLast=true`',
);
const syncOptions = z.array(syncOption).check(z.maxLength(20));

/** What is not given is the application's own, or Argo CD's default. */
const retry = withLikelyValues(
  z.strictObject({
    limit: wholeNumber(1, 100),
    backoffMs: z.exactOptional(wholeNumber(1, 3_600_000)),
    factor: z.exactOptional(wholeNumber(1, 10)),
    maxBackoffMs: z.exactOptional(wholeNumber(1, 86_400_000)),
  }),
  (value) => [{ limit: Number(value) }],
);

const gestures = ['press', 'double', 'hold'];

const on = withLikelyValues(
  z
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
    ),
  // Gestures without what they do, or what a press does.
  (value) => {
    const words = wordsIn(value);
    return words.every((word) => gestures.includes(word))
      ? [Object.fromEntries(words.map((word) => [word, 'release']))]
      : [{ press: words[0] }];
  },
);

export const button = {
  id: setting(id(), { doc: 'The button, as in its topics.', default: 'main' }),
  title: setting(text(100), { doc: 'A name for people.', example: 'Release the shop' }),
  select: setting(select, {
    doc: 'The applications that it releases; has to be said. names (`name` or `namespace/name`), projects, labels (a map) and namespaces: an application must fit every one that is given, and any entry within it. Everything, if you mean it, is {all: true}.',
    required: true,
    example: { projects: ['shop'] },
  }),
  on: setting(on, {
    doc: 'What each gesture (press, double, hold) does: release; rollback (undoes what the last release of this button deployed, and freezes the button); refresh (Argo CD looks at Git again). A gesture that is not named does nothing.',
    default: { press: 'release' },
  }),
  coolDownMs: setting(wholeNumber(0, 3_600_000), {
    doc: 'How long after an accepted press the button accepts no other of the same applications.',
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
  dryRun: setting(flag(), {
    doc: 'Argo CD only says what it would do. For trying a button out: nothing is released.',
    default: false,
  }),
  waves: setting(waves, {
    doc: 'The order of a release: groups of applications (`name` or `namespace/name`), one group after the other. Where one of a group does not succeed, the following groups are not sent. What no group names comes last.',
    default: [],
    example: [['db'], ['api', 'web']],
  }),
  syncOptions: setting(syncOptions, {
    doc: "Argo CD's sync options, `Name=value` each, in addition to those of the application; the button wins where both have the same name. Argo CD ignores unknown ones without a message.",
    default: [],
    example: ['ApplyOutOfSyncOnly=true'],
  }),
  syncOptionsMode: setting(oneOf(['merge', 'replace']), {
    doc: "How syncOptions and retry of the button meet those of the application (`spec.syncPolicy`): merge adds them; replace leaves the application's own out, `CreateNamespace=true` for example too.",
    default: 'merge',
  }),
  strategy: setting(oneOf(['hook', 'apply']), {
    doc: "hook runs the application's hooks, apply leaves them out.",
    default: 'hook',
  }),
  force: setting(flag(), {
    doc: 'Delete and create again what cannot be changed (`--force` of the argocd command).',
    default: false,
  }),
  retry: setting(retry, {
    doc: "Lets Argo CD try a failed sync again: limit (attempts after the first), backoffMs, factor and maxBackoffMs. What is left out is as the application has it, or else Argo CD's default (5 s, 2, 3 minutes).",
    example: { limit: 3, backoffMs: 5000, factor: 2, maxBackoffMs: 180_000 },
  }),
};
