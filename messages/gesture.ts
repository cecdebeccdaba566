// The gestures of a button.
import * as z from 'zod/mini';

export const gestures = ['press', 'double', 'hold'] as const;
export const gestureSchema = z.enum(gestures);
export type Gesture = z.infer<typeof gestureSchema>;
