// Argo CD's applications as update entities: the deployed and the wanted revision, and Install as a press for one of them.
import { app, type AppMessage } from '../messages/drift.ts';
import type { Component } from '../messages/home-assistant.ts';
import { buttonPress } from '../messages/press.ts';
import type { Availability, Maker } from './device.ts';
import { gestureFor, installPayload, type WorkerButton } from './press.ts';
import { onlineWhen } from './templates.ts';

/** The part of an application that its entity depends on. */
export type Application = Pick<AppMessage, 'namespace' | 'name' | 'project' | 'labels' | 'buttons'> & {
  /** the worker that lists it */
  readonly worker: string;
};

/** The keys of these components begin with it. */
export const applicationKey = 'app_';

/** Argo CD's usual namespace. Names for people leave it out. */
const usualNamespace = 'argocd';

/**
 * If two texts both read as versions, Home Assistant shows an update only if the second is the newer one. A tenth of all
 * short hashes read as versions: `3161327` is a number, `98d7186` a development version. With a word before it no hash does,
 * and any difference is an update. Only versions of charts stand without a word.
 */
export const wordBefore = { commit: 'commit ', other: 'revision ' } as const;

/** A Git commit, chart version or digest, as people read it. Those of several sources are separated by commas. */
const shown = [
  '{% macro shown(r) %}',
  "{{ r if not r or '.' in r and version(r).valid else ",
  `('${wordBefore.commit}' if r|regex_match('[0-9a-f]{40}(,|$)') else '${wordBefore.other}') ~ `,
  "r|regex_replace('([0-9a-f]{7})[0-9a-f]{33,}', '\\\\1')|replace(',', ', ') }}",
  '{% endmacro %}',
].join('');

/**
 * Says `(out of sync)` if the second version is older, or the same because somebody changed the cluster by hand. Each
 * application has this template in the message, hence the short names: `j` the application, `d` what is deployed, `t` what
 * is wanted, `o` whether they differ, `i` and `l` both as text, `n` the notes, `c` the commit whose title is shown.
 */
const stateTemplate = [
  '{% if value_json is defined %}',
  shown,
  '{% set j = value_json %}{% set d = j.deployed|default({}) %}{% set t = j.target|default({}) %}',
  "{% set n = j.notes|default([]) %}{% set o = j.sync == 'OutOfSync' %}{% set c = t if o else d %}",
  "{% set i = shown(d.revision|default('')) or 'not deployed' %}",
  "{% set l = (shown(t.revision|default('')) or i) if o else i %}",
  '{% set same = i == l or version(i).valid and version(l).valid and version(l) <= version(i) %}',
  "{{ {'installed_version': i ~ (' (out of sync)' if o and same else ''), 'latest_version': l, 'title': j.name, ",
  "'release_summary': ([c.title|default(''), c.author|default(''), ",
  "n|reject('in', ['automated', 'multi-source', 'app-of-apps'])|join(', ')|replace('-', ' ')]|select|join(' · '))[:255], ",
  "'release_url': j.link, 'in_progress': 'syncing' in n, 'update_percentage': None}|tojson }}{% endif %}",
].join('');

/** The applications that a button of the worker releases, each with the first such button. */
export function applicationComponents(options: {
  readonly make: Maker;
  readonly buttons: readonly WorkerButton[];
  /** buttons whose presses another worker answers */
  readonly answeredByOthers: ReadonlySet<string>;
  readonly applications: readonly Application[];
  readonly vouched: readonly Availability[];
  /** whether Home Assistant shows Install, which releases with one click */
  readonly install: boolean;
}): (readonly [string, Component])[] {
  const { make, buttons, answeredByOthers, applications, vouched, install } = options;
  const byName = new Map<string, number>();
  for (const { name } of applications) byName.set(name, (byName.get(name) ?? 0) + 1);
  return applications.flatMap((application) => {
    const { worker, namespace, name } = application;
    const button = buttonFor(application, buttons);
    const gesture = button === undefined ? undefined : gestureFor(button, 'release');
    if (button === undefined || gesture === undefined) return [];
    const key = `${namespace}/${name}`;
    const topic = make.topic(app.at({ worker, namespace, name }));
    return [
      make.entity(`${applicationKey}${namespace}_${name}`, 'update', {
        name: byName.get(name) === 1 ? name : key,
        what: namespace === usualNamespace ? name : `${namespace} ${name}`,
        icon: 'mdi:source-branch-sync',
        // The page of the device then shows it apart from Release and Freeze, and no action on a room installs anything.
        entity_category: 'config',
        state_topic: topic,
        value_template: stateTemplate,
        // Without a command topic Home Assistant shows no Install, and "Update all" leaves the entity out.
        ...(install && !answeredByOthers.has(button.id)
          ? {
              command_topic: make.topic(buttonPress.at({ button: button.id })),
              payload_install: installPayload(gesture, key),
            }
          : {}),
        availability: [...vouched, { topic, value_template: onlineWhen("value_json.sync != 'Unknown'") }],
      }),
    ];
  });
}

/** The first button, in the order of the worker's configuration, that releases the application. */
export function buttonFor(
  { buttons = [] }: Pick<Application, 'buttons'>,
  candidates: readonly WorkerButton[],
): WorkerButton | undefined {
  return candidates.find(
    (button) => buttons.includes(button.id) && gestureFor(button, 'release') !== undefined,
  );
}
