/**
 * The sizes that bench/run knows: profiles (each with about 20 events) the events of the NDJSON race, and how long each load on the server lasts;
 * of the cluster how many of the store's events are loaded (all of them where it does not say), how long each load lasts, and how often somebody is killed.
 */
export const SIZES = {
  tiny: { profiles: 5_000, raceEvents: 100_000, httpSeconds: 2, clusterSeconds: 2, clusterCycles: 1 }, // Tries the harness; its times mean nothing.
  quick: { profiles: 100_000, raceEvents: 2_000_000, httpSeconds: 20, clusterSeconds: 8, clusterCycles: 2 },
  '1m': { profiles: 1_000_000, raceEvents: 5_000_000, httpSeconds: 20, clusterEvents: 10_000_000, clusterSeconds: 15, clusterCycles: 10 },
  '3m': { profiles: 3_000_000, raceEvents: 5_000_000, httpSeconds: 20, clusterSeconds: 15, clusterCycles: 10 },
  '6m': { profiles: 6_000_000, raceEvents: 6_000_000, httpSeconds: 20, clusterSeconds: 15, clusterCycles: 10 },
};

/** Seed of the store. Any other gives other people with the same habits. */
export const SEED = 1;

/** The instant of all questions. */
export const NOW = '2026-06-15T09:30:00Z';
