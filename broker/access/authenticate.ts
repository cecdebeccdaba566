// Decides who may connect: everybody with a valid client id, as long as there is room.

export interface ConnectRequest {
  readonly clientId: string;
  /** True if the maximum of connections is reached, and this one does not replace another with the same id. */
  readonly full: boolean;
  readonly maximumClientIdLength: number;
}

export type ConnectVerdict =
  | { readonly allow: true }
  | {
      readonly allow: false;
      /** CONNACK of 3.1.1: 2 (MQTT 5: 0x85, client identifier not valid) or 3 (0x88, server unavailable) */
      readonly returnCode: 2 | 3;
      readonly reason: 'client-id' | 'too-many-connections';
      readonly message: string;
    };

export function authenticate(request: ConnectRequest): ConnectVerdict {
  const { clientId, full, maximumClientIdLength } = request;
  // aedes keeps clients in a plain object. The name of an inherited member would end the process.
  if (Reflect.has(Object.prototype, clientId)) {
    return {
      allow: false,
      returnCode: 2,
      reason: 'client-id',
      message: `the client id ${clientId} is reserved`,
    };
  }
  if (clientId.length > maximumClientIdLength) {
    const message = `the client id has ${clientId.length} characters; at most ${maximumClientIdLength} are accepted`;
    return { allow: false, returnCode: 2, reason: 'client-id', message };
  }
  if (full) {
    return {
      allow: false,
      returnCode: 3,
      reason: 'too-many-connections',
      message: 'the broker already has as many connections as broker.maximumConnections allows',
    };
  }
  return { allow: true };
}
