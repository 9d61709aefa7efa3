import { rivalPackage } from './packages.mjs';
import { clickhouse as tables, race } from './tables.mjs';

const chdb = rivalPackage('chdb');

/** ClickHouse in this process (chdb) with MergeTree tables on disk. */
export class ClickHouse {
  static async open(directory, threads, memoryGb) {
    const self = new ClickHouse();
    self.session = new chdb.Session(`${directory}/clickhouse`);
    self.settings = `max_threads = ${threads}, max_insert_threads = ${threads}, max_memory_usage = ${memoryGb * 2 ** 30}`;
    await self.run('CREATE DATABASE IF NOT EXISTS store');
    await self.run('USE store');
    await self.run(`SET ${self.settings}`);
    return self;
  }

  async run(sql) {
    const answer = this.session.query(sql, 'JSONCompactEachRow');
    return answer ? answer.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line)) : [];
  }

  async version() {
    return `ClickHouse ${(await this.run('SELECT version()'))[0][0]} (chdb)`;
  }

  async loadProfiles(profilesCsv, listsCsv) {
    await this.run(tables.profiles);
    await this.run(tables.insertProfiles(profilesCsv));
    await this.run(tables.lists);
    await this.run(tables.insertLists(listsCsv));
    await this.run(tables.members);
    await this.run('OPTIMIZE TABLE profiles FINAL');
    await this.run('OPTIMIZE TABLE list_members FINAL');
  }

  async loadEvents(csv, isFirst) {
    if (isFirst) await this.run(tables.events);
    await this.run(tables.insertEvents(csv));
  }

  async finishLoad() {
    await this.run('OPTIMIZE TABLE events FINAL');
  }

  async count(members) {
    return Number((await this.run(`SELECT count() FROM (${members})`))[0][0]);
  }

  async store(segment, members) {
    await this.run(`INSERT INTO members SELECT ${segment}, profile FROM (${members})`);
  }

  async forgetMembers() {
    await this.run('TRUNCATE TABLE members');
  }

  async bytes() {
    return Number((await this.run(
      `SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'store' AND table != 'members'`))[0][0]);
  }

  async race(file) {
    await this.run(race.clickhouse.table);
    await this.run(race.clickhouse.insert(file));
    return Number((await this.run('SELECT count() FROM raced'))[0][0]);
  }

  async forgetRace() {
    await this.run('DROP TABLE raced SYNC');
  }

  async close() {
    this.session.close();
  }
}
