import type { HttpBindings } from '@hono/node-server';

/** What answers requests; every Hono application does. */
export interface HttpApp {
  fetch(request: Request, env: HttpBindings): Response | Promise<Response>;
}

export interface MountedApp {
  /** `/path` without a slash at its end: itself, and all below it. */
  readonly path: string;
  readonly app: HttpApp;
}

/** Applications side by side: the first whose path a request target lies at or below answers it, else `otherwise`. */
export function byPath(mounted: readonly MountedApp[], otherwise: HttpApp): HttpApp {
  return {
    fetch(request, env) {
      const path = env.incoming.url?.split(/[?#]/, 1)[0] ?? '';
      const found = mounted.find((one) => path === one.path || path.startsWith(`${one.path}/`));
      return (found?.app ?? otherwise).fetch(request, env);
    },
  };
}
