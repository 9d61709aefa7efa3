// Date filters of segment definitions as intervals of whole seconds, by UTC midnights (klaviyo-api.md 4.2, semantics S14 to S19).

const DAY = 86_400;

/** [from, to) in seconds since 1970 for a date filter at the instant `now`; null = no bound on that side. */
export function interval(filter, now) {
  const midnight = Math.floor(now / DAY) * DAY;
  const step = { hour: 3_600, day: DAY, week: 7 * DAY }[filter.unit];
  const back = (quantity) => (filter.unit === 'hour' ? now : midnight) - quantity * step;
  const day = (text) => Date.parse(text) / 1000;
  const wholeDayEnd = (t) => (t % DAY === 0 ? t + DAY : t);
  switch (filter.operator) {
    case 'alltime':
      return { from: null, to: null };
    case 'in-the-last':
      return { from: back(filter.quantity), to: now + 1 };
    case 'at-least':
      return { from: null, to: back(filter.quantity) };
    case 'between': {
      const near = Math.min(filter.start, filter.end);
      const far = Math.max(filter.start, filter.end);
      const to = filter.unit === 'hour' ? back(near) + 1 : back(near) + DAY;
      return { from: back(far), to };
    }
    case 'in-the-next':
      return filter.unit === 'hour'
        ? { from: now, to: now + filter.quantity * step + 1 }
        : { from: now, to: midnight + filter.quantity * step + DAY };
    case 'before':
      return { from: null, to: day(filter.date) };
    case 'after': {
      const t = day(filter.date);
      return { from: t % DAY === 0 ? t + DAY : t + 1, to: null };
    }
    case 'between-static':
      return { from: day(filter.start), to: wholeDayEnd(day(filter.end)) };
    default:
      throw new Error(`no interval for date operator ${filter.operator}`);
  }
}

/** The month * 100 + day numbers that `anniversary-next` of a bare date matches: the N days after today. */
export function nextAnniversaries(filter, now) {
  const midnight = Math.floor(now / DAY) * DAY;
  const days = filter.quantity * (filter.unit === 'week' ? 7 : 1);
  return Array.from({ length: days }, (_, i) => {
    const date = new Date((midnight + (i + 1) * DAY) * 1000);
    return (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
  });
}
