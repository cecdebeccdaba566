// Which devices and entities Home Assistant gets, and on which topics.
import * as z from 'zod/mini';
import { section } from '../section.ts';
import { setting } from '../setting.ts';
import { flag, path, textThat, wholeNumber } from '../formats.ts';
import { selection } from './application-selection.ts';

const levels = /^[^\s+#$/][^\p{C}+#/]*(\/[^\p{C}+#/]+)*$/u;
const topic = textThat(
  (value) => value.length <= 200 && levels.test(value),
  'must be a topic: levels separated by single slashes, without + and #, and not beginning with $',
  'write the same as in the MQTT options of Home Assistant; the default there is `homeassistant`',
);

export const homeAssistant = section({
  enabled: setting(flag(), {
    doc: 'Whether `start` also announces agents, workers and applications to Home Assistant. False does not remove what was announced before; `release-button home-assistant clean` does.',
    default: true,
  }),
  stateDir: setting(path(), {
    doc: 'The directory for the list of announcements, so that they can be removed even after the broker has lost its retained messages. Relative to the working directory.',
    default: './state',
  }),
  discoveryPrefix: setting(topic, {
    doc: 'The discovery prefix of Home Assistant.',
    default: 'homeassistant',
  }),
  birthTopic: setting(topic, {
    doc: 'The topic on which Home Assistant publishes `online` when it starts. All devices are then announced again.',
    default: 'homeassistant/status',
  }),
  applications: setting(
    z.array(selection('write for example `{projects: [shop]}`')).check(z.minLength(1), z.maxLength(100)),
    {
      doc: 'Which of the applications that a button releases get an update entity: a list of selections, as in `select` of a button. An application must match one of them.',
      default: [{ all: true }],
    },
  ),
  install: setting(flag(), {
    doc: 'Whether the update entities of applications have an Install button, which releases with one click. Then everybody who may use Home Assistant can release. Not set: only with a simulated Argo CD.',
    example: false,
  }),
  maxApplications: setting(wholeNumber(0, 100), {
    doc: 'The most applications of each worker that get an update entity: the first ones by namespace and name. 0: none.',
    default: 50,
  }),
});
