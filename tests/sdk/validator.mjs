// Holds answers against Klaviyo's own OpenAPI description.
import fs from 'node:fs';

const mediaType = 'application/vnd.api+json';

/// The path's pattern as a regular expression.
function patternOf(path) {
  const escaped = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\{[^}]+\}/g, '[^/]+')}/?$`);
}

/// From OpenAPI's dialect to JSON Schema's: `nullable` is an alternative of its own; and `oneOf` of
/// integer and number is meant as `anyOf`, since every integer is both.
function translated(schema) {
  if (Array.isArray(schema))
    return schema.map(translated);
  if (schema === null || typeof schema !== 'object')
    return schema;
  const { nullable, ...rest } = schema;
  const plain = Object.fromEntries(
    Object.entries(rest).map(([name, inside]) => [name, translated(inside)]));
  const types = Array.isArray(plain.oneOf) ? plain.oneOf.map((each) => each.type) : [];
  if (types.includes('integer') && types.includes('number')) {
    plain.anyOf = plain.oneOf;
    delete plain.oneOf;
  }
  return nullable === true ? { anyOf: [plain, { type: 'null' }] } : plain;
}

/// Alternatives that say the same cannot be told apart, and "exactly one of them" is never so: they
/// are meant as `anyOf` too. Changes the document.
function forgiveTwins(document) {
  const said = (alternative) => JSON.stringify(alternative.$ref
    ? document.components.schemas[alternative.$ref.split('/').pop()] : alternative,
  (key, value) => (key === 'description' || key === 'example' ? undefined : value));
  const walk = (schema) => {
    if (schema === null || typeof schema !== 'object')
      return;
    Object.values(schema).forEach(walk);
    if (Array.isArray(schema.oneOf)
      && new Set(schema.oneOf.map(said)).size < schema.oneOf.length) {
      schema.anyOf = schema.oneOf;
      delete schema.oneOf;
    }
  };
  walk(document);
}

const pointerPart = (text) =>
  encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'));

export class Validator {
  constructor(Ajv, file) {
    this.document = translated(JSON.parse(fs.readFileSync(file, 'utf8')));
    forgiveTwins(this.document);
    // The description forgets that a link to no page is null (klaviyo-api.md §1.2).
    const { properties } = this.document.components.schemas.CollectionLinks;
    for (const name of ['first', 'last', 'prev', 'next'])
      if (properties[name])
        properties[name] = { anyOf: [properties[name], { type: 'null' }] };
    this.ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
    const instant = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;
    this.ajv.addFormat('date-time', instant);
    this.ajv.addFormat('date', /^\d{4}-\d\d-\d\d$/);
    this.ajv.addFormat('uri', (text) => URL.canParse(text));
    for (const other of ['binary', 'double', 'email', 'float', 'int32', 'int64', 'time', 'uuid'])
      this.ajv.addFormat(other, true);
    this.ajv.addSchema(this.document, 'klaviyo');
    this.operations = [];
    for (const [path, methods] of Object.entries(this.document.paths))
      for (const [method, operation] of Object.entries(methods))
        if (operation.operationId)
          this.operations.push({
            id: operation.operationId,
            method: method.toUpperCase(),
            path,
            pattern: patternOf(path),
            responses: operation.responses,
          });
  }

  operation(id) {
    return this.operations.find((each) => each.id === id);
  }

  /// The operation that a request belongs to; paths without captures come first.
  operationAt(method, path) {
    const fitting = this.operations.filter(
      (each) => each.method === method && each.pattern.test(path));
    return fitting.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
  }

  /// The statuses that the description has for success.
  successes(operation) {
    return Object.keys(operation.responses).filter((each) => each.startsWith('2')).map(Number);
  }

  /// What is wrong with an answer, as sentences; none = nothing.
  mistakes(operation, status, body) {
    const known = operation.responses[status];
    if (!known)
      return status < 400 ? [`status ${status} is not in the description`] : this.#ofError(body);
    if (!known.content)
      return body === '' || body === null || body === undefined ? []
        : ['there is a body, and the description has none'];
    const media = mediaType in known.content ? mediaType : Object.keys(known.content)[0];
    const reference = ['paths', operation.path, operation.method.toLowerCase(), 'responses',
      String(status), 'content', media, 'schema'].map(pointerPart).join('/');
    return this.#check(`klaviyo#/${reference}`, body);
  }

  #ofError(body) {
    if (!Array.isArray(body?.errors) || body.errors.length === 0)
      return ['an error without "errors"'];
    return body.errors.flatMap((each) => ['id', 'code', 'title', 'detail']
      .filter((key) => typeof each[key] !== 'string')
      .map((key) => `an error without "${key}"`));
  }

  #check(reference, body) {
    const validate = this.ajv.getSchema(reference) ?? this.ajv.compile({ $ref: reference });
    if (validate(body))
      return [];
    const said = validate.errors.map(
      (each) => `${each.instancePath || '/'} ${each.message}`
        + (each.params?.allowedValues ? ` (${each.params.allowedValues.join(', ')})` : ''));
    return [...new Set(said)].slice(0, 12);
  }
}
