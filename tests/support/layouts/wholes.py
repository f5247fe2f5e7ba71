"""Volumes of which a table, or the folder that they lie in, says what they are as a whole."""
from .truth import layout
from .writers import dicom_series, image, table


@layout("class-folders-3d", 12, 12, labelled=0, labels=[], image_labels={"AD": 4, "CN": 4, "MCI": 4})
def class_folders(out):
    for n in range(12):
        cls = ("AD", "CN", "MCI")[n % 3]
        image(out / "brains" / cls / f"{cls}_{100 + n}.nii.gz", n, "mr")


@layout("table-3d", 6, 6, labelled=0, labels=[], image_labels={"CN": 3, "AD": 2})
def table_3d(out):
    """A table by file, one of them not annotated."""
    rows = []
    for n in range(6):
        image(out / "volumes" / f"p{n + 1:03}.nii.gz", n, "mr")
        rows.append((f"p{n + 1:03}.nii.gz", "" if n == 5 else ("CN", "AD")[n % 2], ("train", "test")[n // 4]))
    table(out / "labels.csv", "file,diagnosis,split", rows)


@layout("bids-participants", 5, 4, labelled=0, labels=[], image_labels={"control": 3, "patient": 2})
def bids_participants(out):
    """participants.tsv, tabs between cells; one has two sessions."""
    for n in range(4):
        for session in (1, 2)[:2 if n == 0 else 1]:
            image(out / f"sub-{n + 1:02}" / f"ses-{session}" / "anat" / f"sub-{n + 1:02}_ses-{session}_T1w.nii.gz", n,
                  "mr")
    table(out / "participants.tsv", "participant_id\tage\tsex\tgroup",
          [(f"sub-{n + 1:02}", 40 + 3 * n, "MF"[n % 2], ("control", "patient")[n % 2]) for n in range(4)], "\t")


@layout("oasis1", 4, 4, labelled=0, labels=[], image_labels={
    "CDR=0": 2, "CDR=0.5": 1, "CDR=1": 1, "M/F=F": 2, "M/F=M": 2})
def oasis1(out):
    """Folders by session, clinical table with measures beside the rating."""
    rows = []
    for n in range(4):
        who = f"OAS1_{n + 1:04}_MR1"
        image(out / "disc1" / who / "PROCESSED" / "MPRAGE" / "T88_111" / f"{who}_mpr_n4_anon_111_t88_gfc.nii.gz", n,
              "mr")
        rows.append((who, "MF"[n % 2], "R", 60 + n, 29 - n, ("0", "0", "0.5", "1")[n], 1344 + n, 0.743 + n / 100))
    table(out / "oasis_cross-sectional.csv", "ID,M/F,Hand,Age,MMSE,CDR,eTIV,nWBV", rows)


@layout("adni", 4, 3, labelled=0, labels=[], image_labels={"AD": 2, "CN": 1, "MCI": 1})
def adni(out):
    """Image collections: a folder for each step of the download, a table by image and subject."""
    rows = []
    for n, (who, group, visit) in enumerate((("002_S_0295", "CN", "sc"), ("002_S_0619", "AD", "sc"),
                                             ("002_S_0619", "AD", "m12"), ("002_S_0782", "MCI", "sc"))):
        number, when = f"I1186{71 + n}", f"200{6 + n}-04-18_08_20_30.0"
        image(out / "ADNI" / who / "MPR__GradWarp__B1_Correction" / when / number /
              f"ADNI_{who}_MR_MPR__GradWarp__B1_Correction_Br_2008100112341{n}_S13408_{number}.nii", n, "mr")
        rows.append((number, who, group, "MF"[n % 2], 70 + n, visit, "MRI"))
    table(out / "ADNI1_Complete_1Yr.csv", "Image Data ID,Subject,Group,Sex,Age,Visit,Modality", rows)


@layout("dsb2017", 4, 4, labelled=0, labels=[], image_labels={"cancer=0": 2, "cancer=1": 2})
def dsb2017(out):
    """Series in folders called after people, their outcome in a table."""
    rows = []
    for n in range(4):
        who = f"0015ceb851d7251b8f399e39779d1e{n:02x}"
        dicom_series(out / "stage1" / who, n, who, "axial", files="{:04}.dcm")
        rows.append((who, n % 2))
    table(out / "stage1_labels.csv", "id,cancer", rows)


@layout("findings-3d", 4, 4, labelled=0, labels=[], image_labels={
    "Effusion=0": 2, "Effusion=1": 2, "Nodule=0": 1, "Nodule=1": 2, "Nodule=-1": 1})
def findings_3d(out):
    """Several findings a volume, one uncertain, and a name without its ending."""
    for n in range(4):
        image(out / "ct" / f"scan{n}.nii.gz", n)
    table(out / "findings.csv", "VolumeName,Effusion,Nodule",
          [(f"scan{n}", n % 2, (1, 0, -1, 1)[n]) for n in range(4)])
