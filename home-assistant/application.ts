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
export type Application = Pick<AppMessage, 'namespace' | 'name' | 'project' | 'labels' | 'buttons'>;

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
  '{% macro shown(revision) %}',
  "{{ revision if not revision or '.' in revision and version(revision).valid else ",
  `('${wordBefore.commit}' if revision | regex_match('[0-9a-f]{40}(,|$)') else '${wordBefore.other}') ~ `,
  "revision | regex_replace('([0-9a-f]{7})[0-9a-f]{33,}', '\\\\1') | replace(',', ', ') }}",
  '{% endmacro %}',
].join('');

/** Where the second version is the older one, or the same since the cluster was changed by hand, it is said in words. */
const stateTemplate = [
  '{% if value_json is defined %}',
  shown,
  "{% set installed = shown((value_json.deployed | default({})).revision | default('')) or 'not deployed' %}",
  "{% set drifted = value_json.sync == 'OutOfSync' %}",
  "{% set wanted = shown((value_json.target | default({})).revision | default('')) %}",
  '{% set latest = wanted if drifted and wanted else installed %}',
  '{% set alike = installed == latest or (version(installed).valid and version(latest).valid and version(latest) <= version(installed)) %}',
  '{% set commit = (value_json.target if drifted else value_json.deployed) | default({}) %}',
  "{% set notes = value_json.notes | default([]) | reject('in', ['automated', 'multi-source', 'app-of-apps']) | join(', ') %}",
  "{% set said = [commit.title | default(''), commit.author | default(''), notes | replace('-', ' ')] | select | join(' · ') %}",
  "{{ {'installed_version': installed ~ (' (out of sync)' if drifted and alike else ''), 'latest_version': latest, ",
  "'title': value_json.name, 'release_summary': said[:255], 'release_url': value_json.link, ",
  "'in_progress': 'syncing' in value_json.notes | default([]), 'update_percentage': None} | tojson }}",
  '{% endif %}',
].join('');

/** Those of the worker that one of its buttons releases, each with the first that does. */
export function applicationComponents(options: {
  readonly make: Maker;
  readonly buttons: readonly WorkerButton[];
  readonly applications: readonly Application[];
  readonly vouched: readonly Availability[];
}): (readonly [string, Component])[] {
  const { make, buttons, applications, vouched } = options;
  const byName = new Map<string, number>();
  for (const { name } of applications) byName.set(name, (byName.get(name) ?? 0) + 1);
  return applications.flatMap((application) => {
    const { namespace, name } = application;
    const button = buttonFor(application, buttons);
    const gesture = button === undefined ? undefined : gestureFor(button, 'release');
    if (button === undefined || gesture === undefined) return [];
    const key = `${namespace}/${name}`;
    const topic = make.topic(app.at({ namespace, name }));
    return [
      make.entity(`${applicationKey}${namespace}_${name}`, 'update', {
        name: byName.get(name) === 1 ? name : key,
        what: namespace === usualNamespace ? name : `${namespace} ${name}`,
        icon: 'mdi:source-branch-sync',
        // On the device's page apart from Release and Freeze; and no whole room is installed by one click.
        entity_category: 'config',
        state_topic: topic,
        value_template: stateTemplate,
        command_topic: make.topic(buttonPress.at({ button: button.id })),
        payload_install: installPayload(gesture, key),
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
