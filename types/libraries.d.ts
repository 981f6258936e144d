// The libraries that an executor may have. Their types are those of the packages you install; without them they are `any`.

interface Libraries {}
