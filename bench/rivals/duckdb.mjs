import { statSync } from 'node:fs';
import { rivalPackage } from './packages.mjs';
import { duckdb as tables, race } from './tables.mjs';

const { DuckDBInstance } = rivalPackage('@duckdb/node-api');

/** DuckDB with a database file, as its users run it. */
export class DuckDb {
  static async open(directory, threads, memoryGb) {
    const self = new DuckDb();
    self.file = `${directory}/store.duckdb`;
    const instance = await DuckDBInstance.create(self.file, {
      threads: String(threads), memory_limit: `${memoryGb}GB`, temp_directory: `${directory}/spill`,
    });
    self.connection = await instance.connect();
    return self;
  }

  async run(sql) {
    return (await this.connection.runAndReadAll(sql)).getRows();
  }

  async version() {
    return `DuckDB ${(await this.run('SELECT version()'))[0][0]}`;
  }

  async loadProfiles(profilesCsv, listsCsv) {
    for (const column of tables.profileEnums) await this.run(tables.createEnum(`enum_${column}`, profilesCsv, column));
    await this.run(tables.createEnum('enum_list', listsCsv, 'list'));
    await this.run(tables.profiles(profilesCsv));
    await this.run(tables.lists(listsCsv));
    await this.run(tables.members);
  }

  async loadEvents(csv, isFirst) {
    const select = tables.stagedEvents(csv);
    await this.run(isFirst ? `CREATE TABLE staged AS ${select}` : `INSERT INTO staged ${select}`);
  }

  async finishLoad() {
    for (const column of tables.eventEnums)
      await this.run(`CREATE TYPE enum_${column} AS ENUM (SELECT DISTINCT ${column} FROM staged WHERE ${column} IS NOT NULL ORDER BY 1)`);
    await this.run(tables.events);
    await this.run('DROP TABLE staged');
    await this.run('CHECKPOINT');
  }

  async count(members) {
    return Number((await this.run(`SELECT count(*) FROM (${members})`))[0][0]);
  }

  async store(segment, members) {
    await this.run(`INSERT INTO members SELECT ${segment}, profile FROM (${members})`);
  }

  async forgetMembers() {
    await this.run('DROP TABLE members');
    await this.run(tables.members);
    await this.run('CHECKPOINT');
  }

  /** Bytes of the whole database on disk. */
  async bytes() {
    await this.run('CHECKPOINT');
    return statSync(this.file).size;
  }

  async race(file) {
    await this.run(race.duckdb.insert(file));
    const rows = Number((await this.run('SELECT count(*) FROM raced'))[0][0]);
    return rows;
  }

  async forgetRace() {
    await this.run('DROP TABLE raced');
    await this.run('CHECKPOINT');
  }

  async close() {
    this.connection.closeSync();
  }
}
