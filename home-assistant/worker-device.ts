// A release worker as a device: Argo CD, the releases, and its buttons, which are there even without a Raspberry Pi.
import { drift } from '../messages/drift.ts';
import type { Component, Discovery } from '../messages/home-assistant.ts';
import { releaseEvent, releaseLast, releaseOutcomes } from '../messages/release.ts';
import { workerAvailability, type WorkerInfo } from '../messages/worker.ts';
import { applicationComponents, type Application } from './worker-application.ts';
import {
  discoveryOf,
  makerFor,
  thingsMax,
  whileOnline,
  type About,
  type Availability,
  type Maker,
} from './device.ts';
import { freezeAttributes, freezeSwitch } from './freeze-switch.ts';
import { attributes, ofJson, onWhen, onlineWhen, stateOf } from './templates.ts';
import { buttonComponents } from './worker-button.ts';

export function workerDevice(
  prefix: string,
  info: WorkerInfo,
  applications: readonly Application[],
  about: About & {
    readonly install?: boolean | undefined;
    /** buttons whose presses another worker answers */
    readonly answeredByOthers?: ReadonlySet<string>;
  },
): Discovery {
  const { worker: id, argocd } = info;
  // One click on a page that every user opens must not deploy to production unless the configuration allows it.
  const install = about.install ?? info.simulated;
  const { answeredByOthers = new Set() } = about;
  const make = makerFor(prefix, 'worker', id);
  const process = whileOnline(make, workerAvailability.at({ worker: id }), about);
  const source = {
    topic: make.topic(drift.at({ worker: id })),
    value_template: onlineWhen("value_json.state != 'unknown'"),
  };
  const vouched = [process, source];
  return discoveryOf({
    prefix,
    kind: 'worker',
    id,
    name: 'Release worker',
    model: 'Release worker',
    title: info.title,
    titleIsShared: about.titleIsShared,
    host: info.host,
    version: info.version,
    ...(/^https?:\/\//.test(argocd.server) ? { configurationUrl: argocd.server } : {}),
    simulated: info.simulated,
    ownVersion: about.ownVersion,
    availability: [process],
    components: [
      ...info.buttons
        .slice(0, thingsMax)
        .flatMap((button) => buttonComponents(make, id, button, answeredByOthers.has(button.id))),
      ...driftComponents(make, id, vouched),
      ...releaseComponents(make, id),
      freezeSwitch(make, id, 'freeze', {
        frozen: 'value_json.frozen',
        entity: {
          name: 'Freeze',
          what: 'freeze',
          ...freezeAttributes(make, id),
        },
      }),
      ...applicationComponents({
        make,
        buttons: info.buttons,
        answeredByOthers,
        applications,
        vouched,
        install,
      }),
    ],
  });
}

function driftComponents(
  make: Maker,
  worker: string,
  availability: readonly Availability[],
): (readonly [string, Component])[] {
  const topic = make.topic(drift.at({ worker }));
  return [
    make.entity('drift', 'binary_sensor', {
      name: 'Drift',
      what: 'drift',
      device_class: 'problem',
      state_topic: topic,
      value_template: onWhen("value_json.state == 'drifted'"),
      payload_on: 'on',
      payload_off: 'off',
      availability,
    }),
    make.entity('out-of-sync', 'sensor', {
      name: 'Out of sync',
      what: 'out of sync',
      icon: 'mdi:sync-alert',
      state_class: 'measurement',
      unit_of_measurement: 'apps',
      state_topic: topic,
      value_template: stateOf('outOfSync'),
      ...attributes(topic, ['apps', 'truncated', 'total', 'unhealthy', 'blocked', 'unknown', 'server']),
      availability,
    }),
    make.entity('oldest-drift', 'sensor', {
      name: 'Oldest drift',
      what: 'oldest drift',
      device_class: 'timestamp',
      icon: 'mdi:clock-alert-outline',
      state_topic: topic,
      value_template: stateOf('oldestDriftAt'),
      availability,
    }),
    make.entity('argocd', 'binary_sensor', {
      name: 'Argo CD',
      what: 'argo cd',
      device_class: 'connectivity',
      entity_category: 'diagnostic',
      state_topic: topic,
      value_template: onWhen(
        "value_json.reachable | default(value_json.fresh | default(value_json.state != 'unknown'))",
      ),
      payload_on: 'on',
      payload_off: 'off',
    }),
  ];
}

/** The first ones. Home Assistant's recorder takes no more than 16 KiB of attributes. */
const appsShown = 20;

const lastReleaseAttributes = [
  '{% if value_json is defined %}',
  `{% set ns = namespace(apps=[], message=None) %}`,
  `{% for app in value_json.apps[:${appsShown}] %}`,
  "{% set ns.apps = ns.apps + [app.namespace ~ '/' ~ app.name ~ ': ' ~ (app.outcome | default(app.phase))] %}",
  '{% endfor %}',
  "{% for app in value_json.apps if app.message is defined and app.outcome not in ['in-sync', 'already-in-sync'] and ns.message is none %}",
  "{% set ns.message = app.namespace ~ '/' ~ app.name ~ ': ' ~ app.message[:500] %}",
  '{% endfor %}',
  "{{ {'outcome': value_json.outcome | default(None), 'action': value_json.action, 'button': value_json.button, ",
  "'source': value_json.source, 'started': value_json.startedAt, 'apps': ns.apps, 'message': ns.message} | tojson }}",
  '{% else %}{}{% endif %}',
].join('');

function releaseComponents(make: Maker, worker: string): (readonly [string, Component])[] {
  const last = make.topic(releaseLast.at({ worker }));
  const event =
    "{'event_type': value_json.event if value_json.event == 'started' else value_json.outcome, " +
    "'button': value_json.button, 'releaseId': value_json.releaseId} | tojson";
  return [
    make.entity('last-release', 'sensor', {
      name: 'Last release',
      what: 'last release',
      device_class: 'timestamp',
      icon: 'mdi:history',
      state_topic: last,
      value_template: ofJson('value_json.finishedAt | default(value_json.startedAt)', 'None'),
      json_attributes_topic: last,
      json_attributes_template: lastReleaseAttributes,
    }),
    make.entity('releases', 'event', {
      name: 'Releases',
      what: 'releases',
      icon: 'mdi:rocket-launch-outline',
      event_types: ['started', ...releaseOutcomes],
      state_topic: make.topic(releaseEvent.at({ worker })),
      // An event about a single application becomes empty text, which Home Assistant ignores.
      value_template: ofJson(`(${event} if value_json.event in ['started', 'finished'] else '')`, "''"),
    }),
  ];
}
