import { storeSuite } from '../../conformance/store-suite.ts';
import { directoryPlace } from './directory-place.ts';

const traits = { flatKeys: false, checksParts: false, keepsAttributes: false };

storeSuite('a directory store', () => directoryPlace(), traits);
storeSuite('a directory store without hard links', () => directoryPlace({ hardLinks: false }), traits);
