import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process this is, so that another one can tell whether it still lives. */
export interface ProcessIdentity {
  /** Name of the machine, then a digest of what makes process numbers comparable: its boot and process namespace. */
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the kernel's ticks since boot; undefined where the system does not say. */
  readonly processStart: string | undefined;
}

/** Identity of the calling process. */
export function processIdentity(): ProcessIdentity {
  self ??= { host: hostIdentity(), pid: process.pid, processStart: startOf(process.pid) };
  return self;
}

/**
 * Is it proven that this process has ended? Only a process of the same host, boot and process namespace
 * can be judged; of any other the answer is no.
 */
export function isProvenDead(other: ProcessIdentity): boolean {
  if (other.host !== hostIdentity()) return false;
  // A zombie still answers, until its parent asks how it ended; some never do.
  if (!answersSignals(other.pid) || statOf(other.pid)?.[0] === 'Z') return true;
  // Process numbers are used again; the start time tells the two apart.
  const start = startOf(other.pid);
  return start !== undefined && other.processStart !== undefined && start !== other.processStart;
}

let self: ProcessIdentity | undefined;
let cachedHost: string | undefined;

/** Containers may share a host name and a kernel, but not a process namespace: their numbers mean nothing to each other. */
function hostIdentity(): string {
  cachedHost ??= `${hostname()}/${createHash('sha256').update(bootIdentity()).digest('hex').slice(0, 12)}`;
  return cachedHost;
}

function bootIdentity(): string {
  return `${attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())} ${attempt(() => readlinkSync('/proc/self/ns/pid'))}`;
}

function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19];
}

/** The fields of /proc/{pid}/stat from the third, the process's state, on. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses (proc(5)).
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Systems without /proc have nothing to say here. */
function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
