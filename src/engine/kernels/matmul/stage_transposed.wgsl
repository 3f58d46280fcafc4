    for (var p = me; p < ${patches}u; p += ${threads}u) {
      let r = 4u * (p / ${across}u);
      let k = 4u * (p % ${across}u);
      let v0 = load_${name}(${name}0, ${stride}, ${row0} + r, k0 + k, ${end}, sizes[2]);
      let v1 = load_${name}(${name}0, ${stride}, ${row0} + r + 1u, k0 + k, ${end}, sizes[2]);
      let v2 = load_${name}(${name}0, ${stride}, ${row0} + r + 2u, k0 + k, ${end}, sizes[2]);
      let v3 = load_${name}(${name}0, ${stride}, ${row0} + r + 3u, k0 + k, ${end}, sizes[2]);
      let at = k * ${down}u + r / 4u;
      tile_${name}[at] = vec4<f32>(v0.x, v1.x, v2.x, v3.x);
      tile_${name}[at + ${down}u] = vec4<f32>(v0.y, v1.y, v2.y, v3.y);
      tile_${name}[at + ${twice_down}u] = vec4<f32>(v0.z, v1.z, v2.z, v3.z);
      tile_${name}[at + ${thrice_down}u] = vec4<f32>(v0.w, v1.w, v2.w, v3.w);
    }
