/** `Cache-Control` of what never changes: artifacts, and all records of a release but `objects.json`. */
export const forever = 'public, max-age=31536000, immutable';

/** `Cache-Control` of what may be replaced. */
export const briefly = 'public, max-age=60';
