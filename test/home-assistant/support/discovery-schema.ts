// What Home Assistant accepts in a discovery message, by its documentation and by the answers of a real one (2026.11):
// required and allowed keys. For some faults Home Assistant refuses a whole message, and for others it drops a key
// without a word. This schema refuses everything unknown.
import * as z from 'zod/mini';
import { signalStates } from '../../../home-assistant/worker-button.ts';

const text = z.string().check(z.minLength(1));
const subscribeTopic = z.string().check(z.regex(/^[^#+]{1,65535}$/));
const publishTopic = subscribeTopic;
/** Unmatched braces are the most frequent fault. A real Home Assistant finds the others. */
const template = z.string().check(
  z.refine((value) => {
    const count = (part: string) => value.split(part).length - 1;
    return (
      count('{%') === count('%}') &&
      (value.match(/\{\{(?![{%])/g)?.length ?? 0) <= count('}}') &&
      count("'") % 2 === 0
    );
  }),
);
const icon = z.string().check(z.regex(/^mdi:[a-z0-9-]+$/));
const webUrl = z.string().check(z.regex(/^https?:\/\/[^\s/]+/));

const availability = z
  .array(z.strictObject({ topic: subscribeTopic, value_template: z.exactOptional(template) }))
  .check(z.minLength(1));

function entityOf<Shape extends z.core.$ZodShape>(
  platform: string,
  categories: readonly string[],
  shape: Shape,
) {
  return z.strictObject({
    platform: z.literal(platform),
    unique_id: text,
    default_entity_id: z.string().check(z.regex(new RegExp(`^${platform}\\.[a-z0-9]+(_[a-z0-9]+)*$`))),
    // Used up to 2025.9. It has no platform.
    object_id: z.string().check(z.regex(/^[a-z0-9]+(_[a-z0-9]+)*$/)),
    name: text,
    icon: z.exactOptional(icon),
    enabled_by_default: z.exactOptional(z.boolean()),
    availability: z.exactOptional(availability),
    json_attributes_topic: z.exactOptional(subscribeTopic),
    json_attributes_template: z.exactOptional(template),
    entity_category: z.exactOptional(z.enum(categories)),
    ...shape,
  });
}

const categories = ['config', 'diagnostic'];
/** "only diagnostic there" */
const diagnosticOnly = ['diagnostic'];
const state = { state_topic: subscribeTopic };
const value = { ...state, value_template: template };

const sensor = z.union([
  entityOf('sensor', diagnosticOnly, {
    ...value,
    device_class: z.literal('enum'),
    options: z.array(z.enum(signalStates)).check(z.minLength(1)),
  }),
  entityOf('sensor', diagnosticOnly, { ...value, device_class: z.literal('timestamp') }),
  entityOf('sensor', diagnosticOnly, {
    ...value,
    state_class: z.literal('measurement'),
    unit_of_measurement: text,
  }),
]);

const platforms: Readonly<Record<string, z.ZodMiniType>> = {
  event: entityOf('event', categories, {
    ...state,
    value_template: z.exactOptional(template),
    event_types: z.array(text).check(z.minLength(1)),
    device_class: z.exactOptional(z.enum(['button', 'doorbell', 'motion'])),
  }),
  button: entityOf('button', categories, {
    command_topic: publishTopic,
    command_template: z.exactOptional(template),
    payload_press: z.exactOptional(text),
    device_class: z.exactOptional(z.enum(['identify', 'restart', 'update'])),
  }),
  binary_sensor: entityOf('binary_sensor', diagnosticOnly, {
    ...value,
    payload_on: text,
    payload_off: text,
    device_class: z.enum(['problem', 'connectivity']),
  }),
  sensor,
  switch: entityOf('switch', categories, {
    ...value,
    command_topic: publishTopic,
    payload_on: text,
    payload_off: text,
    state_on: text,
    state_off: text,
  }),
  light: entityOf('light', categories, {
    ...state,
    schema: z.literal('template'),
    command_topic: publishTopic,
    command_on_template: template,
    command_off_template: template,
    state_template: template,
    effect_list: z.array(text).check(z.minLength(1)),
    effect_template: template,
  }),
  // With command_topic and without payload_install, Home Assistant fails with a KeyError. Without both there is no
  // Install.
  update: z.union([
    entityOf('update', categories, value),
    entityOf('update', categories, { ...value, command_topic: publishTopic, payload_install: text }),
  ]),
  device_automation: z.strictObject({
    platform: z.literal('device_automation'),
    automation_type: z.literal('trigger'),
    type: text,
    subtype: text,
    topic: subscribeTopic,
    value_template: template,
    payload: text,
  }),
};

const discovery = z.strictObject({
  device: z.strictObject({
    identifiers: z.array(text).check(z.minLength(1)),
    name: text,
    manufacturer: text,
    model: text,
    model_id: z.exactOptional(z.string()),
    sw_version: z.string(),
    hw_version: z.exactOptional(text),
    configuration_url: z.exactOptional(webUrl),
  }),
  origin: z.strictObject({ name: text, sw_version: text, support_url: webUrl }),
  availability,
  availability_mode: z.literal('all'),
  qos: z.literal(1),
  components: z.record(text, z.looseObject({ platform: z.enum(Object.keys(platforms)) })),
});

/** The faults that Home Assistant finds in a message, one per line; none if it accepts the message. */
export function faultsOf(message: unknown): readonly string[] {
  const parsed = discovery.safeParse(message);
  if (!parsed.success) return [z.prettifyError(parsed.error)];
  const uniqueIds = new Map<unknown, string>();
  return Object.entries(parsed.data.components).flatMap(([key, component]) => {
    // A component with only its platform removes the entity.
    if (Object.keys(component).length === 1) return [];
    const parsed = platforms[component.platform]?.safeParse(component);
    const faults =
      parsed?.success === true ? [] : [`${key}: ${JSON.stringify(component)} ${parsed?.error ?? ''}`];
    const id = component['unique_id'];
    const otherKey = uniqueIds.get(id);
    if (id !== undefined && otherKey !== undefined) faults.push(`${key} and ${otherKey} have one unique id`);
    uniqueIds.set(id, key);
    return faults;
  });
}
