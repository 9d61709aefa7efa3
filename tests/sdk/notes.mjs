// What a machine cannot know: how something differs on purpose, and why something is not there.
// The story fails when an endpoint or condition type differs or is absent without a line here, and
// when it has a line and no longer does.

/// By operation, or by name of a condition example.
export const differences = {
};

/// The first that matches the path is the reason.
export const absences = [
  [/ \/api\/campaign-(send|recipient|clone)/, 'Rollcall sends no messages; it counts what was sent elsewhere'],
  [/^(POST|PATCH|DELETE) \/api\/campaigns/, 'campaigns are described by changes, not authored'],
  [/^(PATCH|DELETE) \/api\/flows/, 'flows are described by changes, not authored'],
  [/ \/api\/(forms|form-versions)/, 'forms are known by their events only, see the form reports'],
  [/ \/client\/ip-allowlists/, 'Rollcall has no allowlist of addresses'],
];

/// By name of a condition example.
export const absentConditions = {
  'profile-has-custom-object': 'custom objects are not supported',
};

/// Everywhere, so said once.
export const everywhere = [
];
