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
 * Home Assistant calls an update available where the two versions differ, unless both read as versions and the second is
 * the older one: seven digits of a hash can do that, and so does a chart that goes back. And where the cluster was changed
 * by hand both are the same. Then it is said in words. Of plain numbers and dots Home Assistant can tell which is newer.
 */
const versionLike = '^[vV]?[0-9]+([.][0-9].*)?([abcdr].*)?$';
const plainVersion = '^v?[0-9]+([.][0-9]+)*$';

const stateTemplate = [
  '{% if value_json is defined %}',
  `{% set versions = '${versionLike}' %}`,
  `{% set plain = '${plainVersion}' %}`,
  "{% set short = '([0-9a-f]{7})[0-9a-f]{33}' %}",
  "{% set deployed = (value_json.deployed | default({})).revision | default('') | regex_replace(short, '\\\\1') %}",
  "{% set installed = deployed if deployed else 'not deployed' %}",
  "{% set drifted = value_json.sync == 'OutOfSync' %}",
  "{% set wanted = (value_json.target | default({})).revision | default('') | regex_replace(short, '\\\\1') %}",
  '{% set latest = wanted if drifted and wanted else installed %}',
  '{% set newer = installed | regex_match(plain) and latest | regex_match(plain) and version(latest) > version(installed) %}',
  '{% set alike = installed == latest or (installed | regex_match(versions) and latest | regex_match(versions) and not newer) %}',
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
