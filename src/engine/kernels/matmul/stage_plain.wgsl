    for (var p = me; p < ${vectors}u; p += ${threads}u) {
      let k = p / ${across}u;
      let j = p % ${across}u;
      tile_b[p] = load_b(b0, sizes[9], k0 + k, column0 + 4u * j, sizes[2], sizes[1]);
    }
