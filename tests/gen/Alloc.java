// SPDX-License-Identifier: MIT
// A program that makes garbage for MILLISECONDS, some of which stays for a while.
import java.util.ArrayList;
import java.util.List;

public class Alloc {
	static volatile Object sink;

	public static void main(String[] args) {
		long end = System.nanoTime() + Long.parseLong(args[0]) * 1000000L;
		List<byte[]> kept = new ArrayList<>();

		while (System.nanoTime() < end) {
			for (int i = 0; i < 2000; i++) {
				sink = new byte[1000 + i];
				if (i % 50 == 0)
					kept.add(new byte[4096]);
			}
			if (kept.size() > 3000)
				kept.clear();
		}
		System.gc();
	}
}
