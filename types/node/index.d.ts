// Where compilers look for Node's types. Packages whose types ask for those get ours, and nothing that is not here.

/// <reference path="../penstock.d.ts" />
