// What a machine cannot know: how something differs on purpose, and why something is not there.
// The story fails when an endpoint or condition type differs or is absent without a line here, and
// when it has a line and no longer does.

/// By operation, or by name of a condition example.
export const differences = {
};

/// The first that matches the path is the reason.
export const absences = [
  [/^\/api\/campaign-(send|recipient|clone)/, 'Rollcall sends no messages; it counts what was sent elsewhere'],
];

/// By name of a condition example.
export const absentConditions = {
};

/// Everywhere, so said once.
export const everywhere = [
];
