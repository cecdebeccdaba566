// Argo CD's applications as update entities: what is deployed, what Git has, and Install as a press for that one only.
import { app } from '../messages/drift.ts';
import type { AppMessage } from '../messages/drift.ts';
import type { Component } from '../messages/home-assistant.ts';
import { buttonPress } from '../messages/press.ts';
import type { Availability, Maker } from './device.ts';
import { gestureFor, installPayload } from './press.ts';
import type { WorkerButton } from './press.ts';
import { onlineWhen } from './templates.ts';

/** What has to be known of an application to announce it. */
export type Application = Pick<AppMessage, 'namespace' | 'name' | 'project' | 'labels' | 'buttons'> & {
  /** the worker that says it */
  readonly worker: string;
};

/** What the keys of these components begin with. */
export const applicationKey = 'app_';

/** Argo CD's own namespace, which people do not write. */
const usualNamespace = 'argocd';

/**
 * Home Assistant compares two texts that both read as versions, and calls an update available only where the second is the
 * newer one. A tenth of all short hashes read so: `3161327` is a number, `98d7186` a development version. With a
 * word before it none does, and then any difference is an update. Only what Helm calls a version stands without one.
 */
export const wordBefore = { commit: 'commit ', other: 'revision ' } as const;

/** The Git commit, chart version or digest, as people read it; of several sources each, with a comma between them. */
const shown = [
  '{% macro shown(r) %}',
  "{{ r if not r or '.' in r and version(r).valid else ",
  `('${wordBefore.commit}' if r|regex_match('[0-9a-f]{40}(,|$)') else '${wordBefore.other}') ~ `,
  "r|regex_replace('([0-9a-f]{7})[0-9a-f]{33,}', '\\\\1')|replace(',', ', ') }}",
  '{% endmacro %}',
].join('');

/**
 * Where the second version is the older one, or the same since the cluster was changed by hand, it is said in words. It is
 * in the message once an application, hence the short names: `j` the application, `d` what is deployed and `t` what is
 * wanted, `o` whether they differ, `i` and `l` both as text, `n` the notes, `c` the commit to tell of.
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

/** Those of the worker that one of its buttons releases, each with the first that does. */
export function applicationComponents(options: {
  readonly make: Maker;
  readonly buttons: readonly WorkerButton[];
  /** buttons for whose presses another worker answers */
  readonly answeredByOthers: ReadonlySet<string>;
  readonly applications: readonly Application[];
  readonly vouched: readonly Availability[];
  /** whether one click in Home Assistant releases */
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
        // On the device's page apart from Release and Freeze; and no whole room is installed by one click.
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

/** The first, in the order of the worker's configuration, that releases it. */
export function buttonFor(
  { buttons = [] }: Pick<Application, 'buttons'>,
  candidates: readonly WorkerButton[],
): WorkerButton | undefined {
  return candidates.find(
    (button) => buttons.includes(button.id) && gestureFor(button, 'release') !== undefined,
  );
}
