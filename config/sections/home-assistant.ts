// Known by name, without keys in this version.
import { section } from '../declare.ts';

export const homeAssistant = section({});
