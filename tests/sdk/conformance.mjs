// What was asked, what came back, and what that says about each endpoint and condition type.
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { camel } from './client.mjs';

/// The endpoints in scope: every row of chapter 2 of the reference.
export function readScope(file) {
  const text = fs.readFileSync(file, 'utf8');
  const chapter = text.slice(text.indexOf('\n# 2. '), text.indexOf('\n# 3. '));
  const rows = [];
  let section = '';
  for (const line of chapter.split('\n')) {
    const heading = line.match(/^## (2\.\d+) ([^(]*)/);
    if (heading)
      section = `${heading[1]} ${heading[2].trim()}`;
    const row = line.match(/^\| `(GET|POST|PATCH|DELETE|PUT) (\/[^`]*)` \| `(\w+)`/);
    if (row)
      rows.push({ section, method: row[1], path: row[2], operation: row[3] });
  }
  return rows;
}

export class Conformance {
  constructor(client, validator) {
    this.client = client;
    this.validator = validator;
    this.operations = new Map();
    this.conditions = new Map();
    this.failures = [];
  }

  expect(is, what, detail) {
    if (!is)
      this.failures.push(detail === undefined ? what : `${what}: ${JSON.stringify(detail)}`);
    return is;
  }

  /// Calls an endpoint through the SDK, which has a method of the same name; without one, plainly.
  /// `given` are the SDK's arguments in Klaviyo's own spelling. `expected` is the status.
  async call(operation, given = [], expected = undefined) {
    const method = operation.replace(/_(\w)/g, (whole, letter) => letter.toUpperCase());
    const answer = await this.client.call(method, ...camel(given));
    const body = given.find((each) => each?.data !== undefined);
    if (body && !isDeepStrictEqual(answer.sent, JSON.parse(JSON.stringify(body))))
      this.expect(false, `${operation}: the SDK did not send what was meant`,
        { meant: body, sent: answer.sent });
    return this.#note(operation, answer, expected);
  }

  /// The same without the SDK.
  async plain(operation, target, content, expected = undefined, headers = {}) {
    const { method } = this.validator.operation(operation);
    return this.#note(operation, await this.client.plain(method, target, content, headers),
      expected);
  }

  #note(id, answer, expected) {
    const operation = this.validator.operation(id);
    const row = this.operations.get(id) ?? { calls: 0, statuses: new Set(), mistakes: new Set() };
    this.operations.set(id, row);
    ++row.calls;
    row.statuses.add(answer.status);
    const right = expected === undefined ? this.validator.successes(operation) : [expected].flat();
    if (this.#isAbsent(answer))
      row.isAbsent = true;
    else if (!right.includes(answer.status))
      row.mistakes.add(`answers ${answer.status} where ${right.join(' or ')} was expected`
        + ` (${answer.data?.errors?.[0]?.detail ?? ''})`);
    if (!row.isAbsent)
      for (const mistake of this.validator.mistakes(operation, answer.status, answer.data))
        row.mistakes.add(mistake);
    return answer;
  }

  /// Nothing is made for this address.
  #isAbsent(answer) {
    const first = answer.data?.errors?.[0];
    return answer.status === 405 || answer.status === 501
      || (answer.status === 404 && /^The path .* does not exist/.test(first?.detail ?? ''));
  }

  condition(name, mistakes) {
    this.conditions.set(name, mistakes);
  }

  /// Asks again until it is so; undefined when it never is.
  async eventually(ask, isSo, patienceMs = 60_000) {
    const end = performance.now() + patienceMs;
    for (;;) {
      const answer = await ask();
      if (isSo(answer))
        return answer;
      if (performance.now() > end)
        return undefined;
      await new Promise((later) => setTimeout(later, 15));
    }
  }
}
