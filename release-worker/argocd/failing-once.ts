// Since Node.js 24.20, a request that finds nobody listening fails twice: the event `error` names the cause, and then the
// callbacks of `end` and `write` get an error that does not. got 14 ends the request with the second error, so it neither
// retries nor tells the cause (https://github.com/sindresorhus/got/issues/2469). got 16 does, but it needs Node.js 22.
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';

/** Makes one request, as `http.request` does. */
export type MakeRequest = (
  url: URL,
  options: RequestOptions,
  callback?: (response: IncomingMessage) => void,
) => ClientRequest;

/** Makes the requests that got makes if it has no other function. */
export const makeRequest: MakeRequest = (url, options, callback) =>
  (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, callback);

/** Makes requests that fail only by the event `error`. The callbacks of `end` and `write` are called on success alone. */
export function failingOnce(make: MakeRequest): MakeRequest {
  return (url, options, callback) => {
    const request = make(url, options, callback);
    request.end = onSuccess(request.end);
    request.write = onSuccess(request.write);
    return request;
  };
}

/** The same method, which calls the callback among its arguments only if there is no error. */
function onSuccess<Method extends (...given: never[]) => unknown>(method: Method): Method {
  return new Proxy(method, {
    apply: (target, request, given: unknown[]) => {
      const quiet = given.map((each) => (typeof each === 'function' ? ifNoError(each) : each));
      const returned: unknown = Reflect.apply(target, request, quiet);
      return returned;
    },
  });
}

function ifNoError(callback: Function) {
  return (error?: unknown): void => {
    if (!(error instanceof Error)) Reflect.apply(callback, undefined, []);
  };
}
