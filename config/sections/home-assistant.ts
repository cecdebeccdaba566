// What is announced to Home Assistant, and where.
import * as z from 'zod/mini';
import { section } from '../section.ts';
import { setting } from '../setting.ts';
import { flag, path, textThat, wholeNumber } from '../formats.ts';
import { selection } from './application-selection.ts';

const levels = /^[^\s+#$/][^\p{C}+#/]*(\/[^\p{C}+#/]+)*$/u;
const topic = textThat(
  (value) => value.length <= 200 && levels.test(value),
  'must be a topic: levels separated by single slashes, without + # and not beginning with $',
  'write what Home Assistant has in its MQTT options; `homeassistant` is its default',
);

export const homeAssistant = section({
  enabled: setting(flag(), {
    doc: 'Whether `start` announces agents, worker and applications to Home Assistant too. What was announced before stays; `release-button home-assistant clean` takes it away.',
    default: true,
  }),
  stateDir: setting(path(), {
    doc: 'The directory for what was announced, so that it can be taken away again also after a restart of a broker that keeps nothing. Relative to the working directory.',
    default: './state',
  }),
  discoveryPrefix: setting(topic, {
    doc: "Home Assistant's discovery prefix.",
    default: 'homeassistant',
  }),
  birthTopic: setting(topic, {
    doc: 'Where Home Assistant says `online` when it starts; then all is announced again.',
    default: 'homeassistant/status',
  }),
  applications: setting(
    z.array(selection('write for example `{projects: [shop]}`')).check(z.minLength(1), z.maxLength(100)),
    {
      doc: 'Which applications get an update entity, of those that a button releases: a list of selections as in select of a button; an application must fit one of them.',
      default: [{ all: true }],
    },
  ),
  install: setting(flag(), {
    doc: 'Whether the update entities of applications have an Install button, which releases with one click. Not set: only where Argo CD is simulated. With true, everybody who may use Home Assistant may release.',
    example: false,
  }),
  maxApplications: setting(wholeNumber(0, 100), {
    doc: 'How many applications get one at most: the first by namespace and name. 0: none, and no application is listened to.',
    default: 50,
  }),
});
