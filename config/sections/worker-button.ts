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

/** The default button has no selection, so the input may lack it. The result never lacks it. */
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

/** A key that is left out has the application's own value, or else Argo CD's default. */
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
  // The text is either a list of gestures without actions, or the action of `press`.
  (value) => {
    const words = wordsIn(value);
    return words.every((word) => gestures.includes(word))
      ? [Object.fromEntries(words.map((word) => [word, 'release']))]
      : [{ press: words[0] }];
  },
);

export const button = {
  id: setting(id(), { doc: 'The id of the button, in its topics.', default: 'main' }),
  title: setting(text(100), { doc: 'The name that people see.', example: 'Release the shop' }),
  select: setting(select, {
    doc: 'The applications that the button releases. Required. Keys: names (`name` or `namespace/name`), projects, namespaces, and labels (a map). An application must match every key that you give: one entry of a list, and every label. {all: true} selects every application.',
    required: true,
    example: { projects: ['shop'] },
  }),
  on: setting(on, {
    doc: 'What each gesture (press, double, hold) does. release: it releases. rollback: it undoes what the last release of this button deployed, and freezes the button. refresh: Argo CD reads Git again. A gesture that is not named does nothing.',
    default: { press: 'release' },
  }),
  coolDownMs: setting(wholeNumber(0, 3_600_000), {
    doc: 'How long after an accepted press the button refuses another press for the same applications.',
    default: 2000,
  }),
  refresh: setting(oneOf(['normal', 'hard', 'none']), {
    doc: 'Whether Argo CD reads Git again before the sync. normal: it does. hard: it also drops its manifest cache. none: it does not.',
    default: 'normal',
  }),
  pinRevision: setting(flag(), {
    doc: 'True: a release deploys exactly the revision that was shown as out of sync. False: it deploys the newest revision.',
    default: true,
  }),
  prune: setting(flag(), {
    doc: 'Whether a release also deletes resources that are no longer in Git.',
    default: false,
  }),
  dryRun: setting(flag(), {
    doc: 'True: Argo CD only says what it would do, and nothing is released. Use it to try a button out.',
    default: false,
  }),
  waves: setting(waves, {
    doc: 'The order of a release: groups of applications (`name` or `namespace/name`), which are released one after the other. If an application of a group fails, the groups after it are not released. Applications that are in no group come last.',
    default: [],
    example: [['db'], ['api', 'web']],
  }),
  syncOptions: setting(syncOptions, {
    doc: "Argo CD's sync options, `Name=value` each, in addition to those of the application; if both have the same option, the value of the button counts. Argo CD ignores unknown options without a message.",
    default: [],
    example: ['ApplyOutOfSyncOnly=true'],
  }),
  syncOptionsMode: setting(oneOf(['merge', 'replace']), {
    doc: 'How syncOptions and retry of the button combine with those of the application (`spec.syncPolicy`). merge: they are added. replace: they replace those of the application, so that for example its `CreateNamespace=true` is not used.',
    default: 'merge',
  }),
  strategy: setting(oneOf(['hook', 'apply']), {
    doc: 'hook: a sync runs the hooks of the application. apply: it does not.',
    default: 'hook',
  }),
  force: setting(flag(), {
    doc: 'Whether Argo CD deletes and recreates resources that it cannot change (`--force` of the argocd command).',
    default: false,
  }),
  retry: setting(retry, {
    doc: 'Lets Argo CD try a failed sync again: limit (attempts after the first), backoffMs, factor and maxBackoffMs. A key that you leave out has the value of the application. Without one, Argo CD uses its default: backoff 5 s, factor 2, maximum 3 minutes.',
    example: { limit: 3, backoffMs: 5000, factor: 2, maxBackoffMs: 180_000 },
  }),
};
