// Klaviyo's SDK as it is, pointed at our server.

/// Names as the SDK wants them; whatever a shop names itself stays.
const free = new Set(['properties', 'event_properties', 'append', 'unappend', 'groupings',
  'statistics', 'measurements', 'original_payload']);
const special = { _kx: 'kx', default: '_default' };

function camelName(name) {
  return special[name]
    ?? name.replace(/[_-]+(\w)/g, (whole, letter) => letter.toUpperCase());
}

export function camel(value) {
  if (Array.isArray(value))
    return value.map(camel);
  if (value === null || typeof value !== 'object' || value instanceof Date)
    return value;
  return Object.fromEntries(Object.entries(value).map(
    ([name, inside]) => [camelName(name),
      free.has(name) && !Array.isArray(inside) ? inside : camel(inside)]));
}

export class Client {
  constructor(sdk, url, key) {
    this.url = url;
    this.key = key;
    this.methods = new Map();
    const session = new sdk.ApiKeySession(key);
    for (const [name, made] of Object.entries(sdk)) {
      if (!name.endsWith('Api') || name === 'OAuthApi')
        continue;
      const api = new made(session);
      api.basePath = url;
      for (const method of Object.getOwnPropertyNames(made.prototype))
        if (typeof Object.getOwnPropertyDescriptor(made.prototype, method).value === 'function')
          this.methods.set(method, api);
    }
  }

  has(method) {
    return this.methods.has(method);
  }

  /// {status, data, body, sent, url}: the answer as it came, as the SDK made of it, and the request
  /// as the SDK sent it. Errors of the server are answers too.
  async call(method, ...given) {
    const api = this.methods.get(method);
    if (!api)
      throw new Error(`the SDK has no method ${method}`);
    const outcome = (response, body) => ({
      status: response.status,
      data: response.data,
      body,
      headers: response.headers,
      sent: typeof response.config.data === 'string' ? JSON.parse(response.config.data) : undefined,
      url: new URL(response.request?.path ?? '/', this.url),
      method: response.config.method.toUpperCase(),
    });
    try {
      const { response, body } = await api[method](...given);
      return outcome(response, body);
    } catch (failed) {
      if (!failed.response)
        throw failed;
      return outcome(failed.response, undefined);
    }
  }

  /// A request without the SDK, for what it has no method for or cannot send.
  async plain(method, target, content, headers = {}) {
    const response = await fetch(this.url + target, {
      method,
      headers: {
        Authorization: `Klaviyo-API-Key ${this.key}`,
        Revision: '2026-07-15',
        ...(content === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: content === undefined || typeof content === 'string' ? content
        : JSON.stringify(content),
    });
    const text = await response.text();
    let data = text;
    try {
      data = text === '' ? '' : JSON.parse(text);
    } catch {
      // It is no JSON, and stays text.
    }
    return { status: response.status, data, sent: content, url: new URL(this.url + target), method,
      headers: Object.fromEntries(response.headers) };
  }
}
