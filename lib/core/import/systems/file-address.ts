import { formatSource } from '../../sources/parse-source.ts';
import { credentialIn, type TakenSource, takeSource } from '../take-source.ts';
import { percentDecoded } from './percent-decoded.ts';

/** Hosts whose addresses are pages for people: a share, a folder, a form that asks for a click. */
const pageHosts =
  /^(?:(?:drive|docs)\.google\.com|drive\.proton\.me|mega\.(?:nz|io)|(?:www\.)?mediafire\.com|pan\.baidu\.com|(?:[\w-]+\.)?1drv\.ms|onedrive\.live\.com|(?:www\.)?disk\.yandex\.[a-z]+|yadi\.sk|(?:www\.)?terabox\.com|we\.tl|(?:www\.)?wetransfer\.com)$/u;

/**
 * What becomes of an address that another system gives for a file. Files on Hugging Face become `hf://`, whose
 * revision `lock` can pin and whose digest it can ask for; web pages are not files.
 */
export function fileAddress(address: string, placeholders: readonly string[]): TakenSource {
  const url = URL.parse(address);
  const file = credentialIn(address) === undefined && url !== null ? huggingFaceFile(url) : undefined;
  const taken = takeSource(file ?? address, placeholders);
  if (taken.source === undefined) return taken;
  if (taken.finding?.kind === 'placeholder') {
    // A word alone says nothing; an address that somebody can complete is worth keeping.
    return /:\/\//u.test(address) ? taken : { source: undefined, finding: taken.finding };
  }
  if (file !== undefined || url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return taken;
  const page = pageProblem(url);
  if (page !== undefined) return { source: undefined, finding: { kind: 'not-taken', message: page } };
  return taken;
}

function pageProblem(url: URL): string | undefined {
  if (pageHosts.test(url.hostname)) return `no usable source: ${url.hostname} shows a page there, not the file`;
  const dropbox = /(?:^|\.)dropbox\.com$/u.test(url.hostname) && url.searchParams.get('dl') !== '1';
  if (dropbox) return 'no usable source: without dl=1 this is a page, not the file';
  if (url.pathname === '/' || url.pathname.endsWith('/'))
    return 'no usable source: this is a site or a folder, not a file';
  return undefined;
}

/** `https://huggingface.co/o/r/resolve/main/f` → `hf://o/r@main/f`; undefined for anything else. */
function huggingFaceFile(url: URL): string | undefined {
  if (url.hostname !== 'huggingface.co' || url.protocol !== 'https:' || url.port !== '') return undefined;
  const found = /^\/(?:(datasets|spaces)\/)?([^/]+\/[^/]+)\/(?:resolve|blob|raw)\/([^/]+)\/(.+)$/u.exec(url.pathname);
  const [, type, repo, revision, path] = found ?? [];
  if (repo === undefined || revision === undefined || path === undefined) return undefined;
  const decoded = [repo, revision, path].map(percentDecoded);
  const [plainRepo, plainRevision, plainPath] = decoded;
  if (plainRepo === undefined || plainRevision === undefined || plainPath === undefined) return undefined;
  return formatSource({
    scheme: 'hf',
    uri: '',
    repoType: type === 'datasets' || type === 'spaces' ? type : 'models',
    repo: plainRepo,
    revision: plainRevision,
    path: plainPath,
  });
}
