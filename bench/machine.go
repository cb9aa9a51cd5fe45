package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// machineInfo is what the head of the report says.
type machineInfo struct {
	name     string
	isa      []string
	system   string
	commit   string
	date     string
	versions []string
	order    []int
}

// isas are the instruction sets of interest, by the flags of /proc/cpuinfo.
var isas = []struct{ flag, name string }{
	{"avx2", "AVX2"}, {"fma", "FMA"}, {"avx512f", "AVX-512"}, {"avx512_vnni", "AVX-512 VNNI"}, {"avx_vnni", "AVX VNNI"}, {"avx512_bf16", "BF16"},
	{"avx512_fp16", "FP16"}, {"amx_int8", "AMX"}, {"asimd", "NEON"}, {"asimddp", "dot product"}, {"sve", "SVE"},
}

func machine() *machineInfo {
	m := &machineInfo{system: runtime.GOOS + "/" + runtime.GOARCH, date: time.Now().UTC().Format(time.DateOnly), order: cores()}
	first := map[string]string{} // of the first core
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		if key = strings.TrimSpace(key); first[key] == "" {
			first[key] = strings.TrimSpace(value)
		}
	}
	m.name = cmp.Or(first["model name"], runtime.GOARCH)
	if first["cpu family"] != "" {
		m.name += fmt.Sprintf(" (family %s, model %s)", first["cpu family"], first["model"])
	}
	have := strings.Fields(first["flags"] + " " + first["Features"])
	for _, x := range isas {
		if slices.Contains(have, x.flag) {
			m.isa = append(m.isa, x.name)
		}
	}
	if out, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12").Output(); err == nil {
		m.commit = strings.TrimSpace(string(out))
	}
	return m
}

// cores returns the cores that may be used: one of each physical core first, so that two threads do not share one.
func cores() []int {
	all := allowed()
	seen := map[string]bool{}
	var ones, twins []int
	for _, c := range all {
		text, err := os.ReadFile(filepath.Join("/sys/devices/system/cpu", "cpu"+strconv.Itoa(c), "topology/thread_siblings_list"))
		if err == nil && seen[string(text)] {
			twins = append(twins, c)
			continue
		}
		seen[string(text)] = true
		ones = append(ones, c)
	}
	return append(ones, twins...)
}
